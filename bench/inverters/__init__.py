"""What an inverter and a control are, and what every trained one shares."""
