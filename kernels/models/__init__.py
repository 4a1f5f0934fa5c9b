"""What is learned: statistics of examples, and how they are added to a table. One file each."""
