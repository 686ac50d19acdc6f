"""One episode, from plan to artifacts: engine, backends, probes, viewer, recorder."""
