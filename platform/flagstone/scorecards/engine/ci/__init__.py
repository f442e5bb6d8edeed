"""What GitHub and GitLab are told to run: workflows, the scripts they call, and who owns them."""
