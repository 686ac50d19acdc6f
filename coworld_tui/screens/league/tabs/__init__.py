"""One module for each kind of list: its columns, what a row says, and what is said of a row at length."""
