"""VS, DR, SV and NS: how requests find their way, and what happens when they do not."""

from __future__ import annotations

from flagstone.scorecards.engine.checks.mesh import (
    called_hosts,
    destination_rules,
    ejection,
    kubernetes_services,
    mesh_faults,
    mesh_namespaces,
    overlapping,
    retries,
    timeouts,
    virtual_services,
)

CHECKS = (
    timeouts.timeout,
    retries.retries,
    retries.per_try_timeout,
    retries.retry_on,
    virtual_services.weights,
    virtual_services.destinations_exist,
    mesh_faults.no_fault,
    overlapping.one_route,
    destination_rules.connection_pool,
    destination_rules.outlier_detection,
    ejection.ejection_percent,
    destination_rules.retries_in_flight,
    destination_rules.known_fields,
    called_hosts.protected,
    overlapping.one_policy,
    ejection.ejection_times,
    kubernetes_services.one_workload,
    kubernetes_services.target_ports,
    kubernetes_services.protocols,
    kubernetes_services.cluster_ip,
    mesh_namespaces.in_the_mesh,
)
