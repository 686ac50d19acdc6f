"""What the hosted side answers, as objects: a module a resource (hosted.md 3, appendix A)."""
