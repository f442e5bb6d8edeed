"""The kinds that need no definition in view: those of Kubernetes, and of projects that many clusters have.

Sources: `kubectl api-resources` of Kubernetes 1.34; the CustomResourceDefinitions that each project publishes.
"""

from __future__ import annotations

# By group: the kinds that live in a namespace, and those that do not.
KUBERNETES: dict[str, tuple[str, str]] = {
    "": (
        (
            "Binding ConfigMap Endpoints Event LimitRange PersistentVolumeClaim Pod PodTemplate "
            "ReplicationController ResourceQuota Secret Service ServiceAccount"
        ),
        "ComponentStatus Namespace Node PersistentVolume",
    ),
    "admissionregistration.k8s.io": (
        "",
        (
            "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration "
            "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration"
        ),
    ),
    "apiextensions.k8s.io": ("", "CustomResourceDefinition"),
    "apiregistration.k8s.io": ("", "APIService"),
    "apps": ("ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet", ""),
    "authentication.k8s.io": ("", "SelfSubjectReview TokenReview"),
    "authorization.k8s.io": (
        "LocalSubjectAccessReview",
        "SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview",
    ),
    "autoscaling": ("HorizontalPodAutoscaler", ""),
    "batch": ("CronJob Job", ""),
    "certificates.k8s.io": (
        "PodCertificateRequest",
        "CertificateSigningRequest ClusterTrustBundle",
    ),
    "coordination.k8s.io": ("Lease LeaseCandidate", ""),
    "discovery.k8s.io": ("EndpointSlice", ""),
    "events.k8s.io": ("Event", ""),
    "extensions": ("DaemonSet Deployment Ingress NetworkPolicy ReplicaSet", "PodSecurityPolicy"),
    "flowcontrol.apiserver.k8s.io": ("", "FlowSchema PriorityLevelConfiguration"),
    "internal.apiserver.k8s.io": ("", "StorageVersion"),
    "metrics.k8s.io": ("PodMetrics", "NodeMetrics"),
    "networking.k8s.io": ("Ingress NetworkPolicy", "IPAddress IngressClass ServiceCIDR"),
    "node.k8s.io": ("", "RuntimeClass"),
    "policy": ("Eviction PodDisruptionBudget", "PodSecurityPolicy"),
    "rbac.authorization.k8s.io": ("Role RoleBinding", "ClusterRole ClusterRoleBinding"),
    "resource.k8s.io": (
        "ResourceClaim ResourceClaimTemplate",
        "DeviceClass DeviceTaintRule ResourceSlice",
    ),
    "scheduling.k8s.io": ("", "PriorityClass"),
    "storage.k8s.io": (
        "CSIStorageCapacity",
        "CSIDriver CSINode StorageClass VolumeAttachment VolumeAttributesClass",
    ),
    "storagemigration.k8s.io": ("", "StorageVersionMigration"),
}
PROJECTS: dict[str, tuple[str, str]] = {
    "acme.cert-manager.io": ("Challenge Order", ""),
    "argoproj.io": (
        (
            "AnalysisRun AnalysisTemplate AppProject Application ApplicationSet ArgoCD CronWorkflow "
            "EventBus EventSource Experiment NotificationsConfiguration Rollout Sensor Workflow "
            "WorkflowArtifactGCTask WorkflowEventBinding WorkflowTaskResult WorkflowTaskSet "
            "WorkflowTemplate"
        ),
        "ClusterAnalysisTemplate ClusterWorkflowTemplate",
    ),
    "cert-manager.io": ("Certificate CertificateRequest Issuer", "ClusterIssuer"),
    "chaos-mesh.org": (
        (
            "AWSChaos AzureChaos BlockChaos DNSChaos GCPChaos HTTPChaos IOChaos JVMChaos KernelChaos "
            "NetworkChaos PhysicalMachine PhysicalMachineChaos PodChaos PodHttpChaos PodIOChaos "
            "PodNetworkChaos Schedule StatusCheck StressChaos TimeChaos Workflow WorkflowNode"
        ),
        "RemoteCluster",
    ),
    "config.gatekeeper.sh": ("Config", ""),
    "core.openfeature.dev": (
        (
            "FeatureFlag FeatureFlagConfiguration FeatureFlagSource FlagSourceConfiguration Flagd "
            "InProcessConfiguration"
        ),
        "",
    ),
    "external-secrets.io": (
        "ExternalSecret PushSecret SecretStore",
        "ClusterExternalSecret ClusterPushSecret ClusterSecretStore",
    ),
    "flagger.app": ("AlertProvider Canary MetricTemplate", ""),
    "gateway.networking.k8s.io": (
        (
            "BackendLBPolicy BackendTLSPolicy GRPCRoute Gateway HTTPRoute ReferenceGrant TCPRoute "
            "TLSRoute UDPRoute"
        ),
        "GatewayClass",
    ),
    "keda.sh": (
        "ScaledJob ScaledObject TriggerAuthentication",
        "ClusterTriggerAuthentication",
    ),
    "kustomize.toolkit.fluxcd.io": ("Kustomization", ""),
    "helm.toolkit.fluxcd.io": ("HelmRelease", ""),
    "monitoring.coreos.com": (
        (
            "Alertmanager AlertmanagerConfig PodMonitor Probe Prometheus PrometheusAgent "
            "PrometheusRule ScrapeConfig ServiceMonitor ThanosRuler"
        ),
        "",
    ),
    "networking.istio.io": (
        (
            "DestinationRule EnvoyFilter Gateway ProxyConfig ServiceEntry Sidecar VirtualService "
            "WorkloadEntry WorkloadGroup"
        ),
        "",
    ),
    "pyrra.dev": ("ServiceLevelObjective", ""),
    "security.istio.io": ("AuthorizationPolicy PeerAuthentication RequestAuthentication", ""),
    "sloth.slok.dev": ("PrometheusServiceLevel", ""),
    "snapshot.storage.k8s.io": ("VolumeSnapshot", "VolumeSnapshotClass VolumeSnapshotContent"),
    "source.toolkit.fluxcd.io": (
        "Bucket ExternalArtifact GitRepository HelmChart HelmRepository OCIRepository",
        "",
    ),
    "telemetry.istio.io": ("Telemetry", ""),
    "templates.gatekeeper.sh": ("", "ConstraintTemplate"),
}
# Plurals that no rule of English gives.
ODD = {
    ("", "Endpoints"): "endpoints",
    ("argoproj.io", "EventBus"): "eventbus",
    ("metrics.k8s.io", "NodeMetrics"): "nodes",
    ("metrics.k8s.io", "PodMetrics"): "pods",
    **{
        ("chaos-mesh.org", kind): kind.lower()
        for kind in PROJECTS["chaos-mesh.org"][0].split()
        if kind.endswith("Chaos")
    },
}
# Gatekeeper makes the definition of every constraint: in small letters, as it is, outside of namespaces.
CONSTRAINTS = "constraints.gatekeeper.sh"
