"""The strict loaders of both contract generations, described so that their verdicts can be explained."""
