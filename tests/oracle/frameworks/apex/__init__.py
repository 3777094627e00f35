"""Stand-in for NVIDIA Apex."""

from apex import amp as amp
