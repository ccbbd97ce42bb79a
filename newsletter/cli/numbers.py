"""The numbers by which commands name what the database keeps."""

import click

# What an INTEGER column of either database can hold.
IdType = click.IntRange(1, 2**31 - 1)
