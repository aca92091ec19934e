"""Frames into an H.264 film that browsers play; the same frames are the same bytes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from grader.films.pace import RATE
from grader.films.stage import Image

_OPTIONS = {
    "crf": "27",
    "preset": "slow",
    "tune": "animation",
    # A second thread would divide pictures in another way on another machine.
    "threads": "1",
    # Four reference frames at most: what is in phones decodes level 3.1, and no more is needed.
    "x264-params": "threads=1:lookahead-threads=1:keyint=250:ref=4:bframes=3:level=31"
    ":colorprim=bt709:transfer=bt709:colormatrix=bt709",
}


def encode(path: Path, frames: Iterable[tuple[Image, int]], width: int, height: int) -> None:
    """Write a film beside ``path``, then rename it.

    Args:
        path: where the film is to be.
        frames: pictures (height, width, 3) in red, green and blue, each with how many frames it stands.
        width: in pixels, an even number.
        height: in pixels, an even number.
    """
    import av

    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".mp4")
    os.close(descriptor)
    at = 0
    try:
        # Bit-exact leaves out the muxer's version, and with faststart a player need not wait for the end of the file.
        with av.open(beside, "w", options={"movflags": "+faststart", "fflags": "+bitexact"}) as container:
            stream: Any = container.add_stream("libx264", rate=RATE, options=_OPTIONS)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            for image, repeats in frames:
                frame = av.VideoFrame.from_ndarray(image, format="rgb24")
                frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709")
                for _ in range(repeats):
                    frame.pts = at
                    container.mux(stream.encode(frame))
                    at += 1
            container.mux(stream.encode())
        os.chmod(beside, 0o644)
        os.replace(beside, path)
    finally:
        Path(beside).unlink(missing_ok=True)
