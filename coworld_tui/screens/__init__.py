"""What people see: packages, the launch form, live episodes, dialogs."""
