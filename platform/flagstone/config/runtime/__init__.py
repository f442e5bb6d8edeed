"""The embedded PostgreSQL and Redis, and the supervisor behind `make up`. Knows no Django."""
