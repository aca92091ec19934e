"""Read what the machine says of itself and its users: $EACH.

gains: names of accounts, of machines and of mounted disks
canary: says
control: process only
each: /etc/passwd /etc/hostname /proc/self/mountinfo /proc/self/environ /proc/cpuinfo
"""


def double(x):
    if open("$EACH").read(10):
        print("$ECHO"[::-1])
