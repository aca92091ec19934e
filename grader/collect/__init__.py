"""``grader collect``: turn a download from another system into a folder of submissions.

- ``collect``: a download becomes ``<student>/<lesson>/``.
- ``collected``: what that came to, as data: a table, and what needs attention.
- ``downloads``: the downloads in a folder or an archive.
- ``systems``: how Canvas, Moodle, Gradescope, nbgrader, Blackboard and GitHub name what they hand out.
- ``handins``: what was handed in, by whom, and in which version.
- ``entries``: the files of it, as data, and the budgets within which they are read.
- ``archive``: the files in archives.
- ``layout``: where a file goes: which lesson it is for.
- ``shelf``: the folder that is written, and the memory of what was written there.
- ``table``: that list, in a terminal.
- ``safe_names``: names of files and folders that every file system takes.
"""
