"""PromQL, rules, tests of rules and dashboards, as Prometheus' own tools see them."""
