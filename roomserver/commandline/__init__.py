"""The administrator's commands by subject, and how they are shown; `cli.py` names them all."""
