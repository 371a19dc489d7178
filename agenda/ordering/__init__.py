"""Which cases a sitting hears, and in what order, under everybody's hours. Pure over plain data."""
