"""What is in a file: its metadata read within limits, what reading costs, and what is to mend."""
