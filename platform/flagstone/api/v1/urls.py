"""Version 1."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from flagstone.api.v1 import (
    catalog,
    exemptions,
    gate,
    pulls,
    rollbacks,
    scaffolds,
    scorecards,
    templates,
)

app_name = "v1"
urlpatterns: list[URLPattern | URLResolver] = [
    path("entities", catalog.EntityList.as_view(), name="entities"),
    path(
        "entities/<str:kind>/<str:namespace>/<str:name>",
        catalog.EntityDetail.as_view(),
        name="entity",
    ),
    path("pull-requests", pulls.PullRequestList.as_view(), name="pull-requests"),
    path("pull-requests/<int:pk>", pulls.PullRequestDetail.as_view(), name="pull-request"),
    path(
        "pull-requests/<int:pk>/approve", pulls.ApproveView.as_view(), name="pull-request-approve"
    ),
    path("pull-requests/<int:pk>/merge", pulls.MergeView.as_view(), name="pull-request-merge"),
    path("scaffolds", scaffolds.ScaffoldList.as_view(), name="scaffolds"),
    path("scaffolds/<slug:scaffold_id>", scaffolds.ScaffoldDetail.as_view(), name="scaffold"),
    path("templates", templates.TemplateList.as_view(), name="templates"),
    path("templates/<slug:template_id>", templates.TemplateView.as_view(), name="template"),
    path(
        "templates/<slug:template_id>/fetch", templates.FetchView.as_view(), name="template-fetch"
    ),
    path("templates/<slug:template_id>/code", templates.CodeView.as_view(), name="template-code"),
    path("runs", scaffolds.RunList.as_view(), name="runs"),
    path("runs/preview", scaffolds.PreviewView.as_view(), name="run-preview"),
    path("runs/<uuid:run_id>", scaffolds.RunDetail.as_view(), name="run"),
    path("runs/<uuid:run_id>/cancel", scaffolds.CancelView.as_view(), name="run-cancel"),
    path("runs/<uuid:run_id>/resume", scaffolds.ResumeView.as_view(), name="run-resume"),
    path("rollbacks", rollbacks.RollbackList.as_view(), name="rollbacks"),
    path("rollbacks/<uuid:rollback_id>", rollbacks.RollbackDetail.as_view(), name="rollback"),
    path(
        "rollbacks/<uuid:rollback_id>/merge", rollbacks.MergeView.as_view(), name="rollback-merge"
    ),
    path(
        "rollbacks/<uuid:rollback_id>/healthy",
        rollbacks.HealthyView.as_view(),
        name="rollback-healthy",
    ),
    path("scorecards", scorecards.ScorecardList.as_view(), name="scorecards"),
    path("scores", scorecards.ScoreList.as_view(), name="scores"),
    path("results", scorecards.ResultList.as_view(), name="results"),
    path("exemptions", exemptions.ExemptionList.as_view(), name="exemptions"),
    path("exemptions/<int:pk>", exemptions.ExemptionDetail.as_view(), name="exemption"),
    path("exemptions/<int:pk>/decide", exemptions.DecideView.as_view(), name="exemption-decide"),
    path("exemptions/<int:pk>/revoke", exemptions.RevokeView.as_view(), name="exemption-revoke"),
    path("leaderboard", scorecards.LeaderboardView.as_view(), name="leaderboard"),
    path("gate", gate.GateView.as_view(), name="gate"),
]
