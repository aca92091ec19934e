"""Lesson 4: a network of action values.

A table has one row for every state, and that ends where states are real numbers. Here a small neural network takes the
table's place: an observation goes in, one value for each action comes out.

Source: Sutton & Barto, 2nd edition, sections 9.7 and 16.5; Mnih et al. (2015), "Human-level control through deep
reinforcement learning".
"""

import numpy as np
import torch
from torch import nn


class DQN(nn.Module):
    """A deep Q-network: the values of all actions in one forward pass.

    It is linear → ReLU → linear → ReLU → linear, with two hidden layers of 128 units. What you call its layers is up to
    you.

    | name       | meaning                                                 |
    |------------|---------------------------------------------------------|
    | input_dim  | O, how many numbers one observation has (4 in CartPole) |
    | output_dim | A, how many actions there are (2 in CartPole)           |

    Example:
        >>> DQN(4, 2)(torch.zeros(32, 4)).shape
        torch.Size([32, 2])

    Source: Mnih et al. (2015), Methods, "Model architecture", where the hidden layers are convolutions over pixels.
    """

    def __init__(self, input_dim: int, output_dim: int) -> None:
        super().__init__()
        raise NotImplementedError("DQN.__init__: write me; lesson4_dqn.md tells how")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The values of every action, for a batch of observations.

        | name | shape  | meaning                                   |
        |------|--------|-------------------------------------------|
        | x    | (N, O) | a batch of N observations, float32        |
        | →    | (N, A) | action values Q(s, a), in units of return |
        """
        raise NotImplementedError("DQN.forward: write me; lesson4_dqn.md tells how")


def make_optimizer(model: nn.Module, lr: float = 1e-3) -> torch.optim.Optimizer:
    """Adam over all of the model's parameters, with torch's own settings but for the learning rate.

    | name  | meaning                                                                        |
    |-------|--------------------------------------------------------------------------------|
    | model | the network that will learn                                                    |
    | lr    | the learning rate: the step size, roughly how far one update moves each weight |
    | →     | the optimizer                                                                  |

    Example:
        >>> type(make_optimizer(DQN(4, 2))).__name__
        'Adam'

    Source: Kingma & Ba (2015), "Adam: a method for stochastic optimization", algorithm 1.
    """
    raise NotImplementedError("make_optimizer: write me; lesson4_dqn.md tells how")


def greedy_action(model: nn.Module, observation: np.ndarray) -> int:
    """The action that the network values most, for one observation.

    | name        | shape | meaning                                            |
    |-------------|-------|----------------------------------------------------|
    | model       |       | any network: (N, O) float32 → action values (N, A) |
    | observation | (O,)  | one observation, float32 or float64                |
    | →           | int   | an action in 0 … A − 1; of equally good ones any   |

    No graph is built: nobody will ask for a gradient of this forward pass. Afterwards all is as it was: autograd is on
    again, and the observation holds what it held.

    Example:
        >>> model = DQN(4, 3)
        >>> q_values = model(torch.tensor([[0.1, -0.2, 0.3, 0.0]]))
        >>> greedy_action(model, np.array([0.1, -0.2, 0.3, 0.0])) == int(q_values.argmax())
        True

    Source: Sutton & Barto, section 2.2, equation 2.2.
    """
    raise NotImplementedError("greedy_action: write me; lesson4_dqn.md tells how")
