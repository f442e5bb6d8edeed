"""Policies are asked about many objects at once, and about each only once."""

from __future__ import annotations

from flagstone.policies.engines.in_process import InProcess
from flagstone.policies.gatekeeper.cluster_view import ClusterView
from flagstone.policies.gatekeeper.policy_set import PolicySet
from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.reading import read_files
from flagstone.scorecards.engine.policy_verdicts import PolicyVerdicts
from tests.policies.gatekeeper.samples import V1, code, constraint, deployment, dump, template


class Counting(InProcess):
    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def answers(self, questions):
        self.asked.append([question.about for question in questions])
        return super().answers(questions)


def test_objects_that_follow_are_asked_about_too():
    engine = Counting()
    documents = [template(code(V1, version="v1")), constraint()]
    files = {"all.yaml": "---\n".join(map(dump, documents)).encode()}
    policies = PolicySet(read_files(files, render=False), engine)
    objects = [
        Manifest(deployment(number, name=f"d{number}").raw, "d.yaml") for number in range(100)
    ]
    verdicts = PolicyVerdicts(policies, ClusterView(), objects)
    assert [v.message for v in verdicts.of(objects[1]).by_policy["demo"]] == ["1 replicas"]
    assert [len(asked) for asked in engine.asked] == [64]
    assert engine.asked[0][0] == "Deployment/pay/d1"
    assert verdicts.of(objects[0]).by_policy["demo"][0].message == "0 replicas"
    assert verdicts.of(objects[99]).by_policy == {}
    assert [len(asked) for asked in engine.asked] == [64, 1, 1]
    other = deployment(1, name="elsewhere")
    assert len(verdicts.of(other).by_policy["demo"]) == 1
    assert engine.asked[3:] == [["Deployment/pay/elsewhere"]]


def test_a_process_that_judges_a_part_asks_ahead_about_that_part_only():
    engine = Counting()
    documents = [template(code(V1, version="v1")), constraint()]
    files = {"all.yaml": "---\n".join(map(dump, documents)).encode()}
    policies = PolicySet(read_files(files, render=False), engine)
    objects = [
        Manifest(deployment(number, name=f"d{number}").raw, "d.yaml") for number in range(10)
    ]
    verdicts = PolicyVerdicts(policies, ClusterView(), objects)
    verdicts.expect(objects[1::2])
    assert verdicts.of(objects[5]).by_policy == {}
    assert engine.asked == [["Deployment/pay/d5", "Deployment/pay/d7", "Deployment/pay/d9"]]
