"""The league screen: leagues on the left, what is played in them on the right, and why it went so."""
