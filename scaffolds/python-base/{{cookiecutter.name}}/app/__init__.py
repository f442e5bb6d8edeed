"""{{ cookiecutter.title }}: the service itself. Its manifests live in the GitOps repository."""
