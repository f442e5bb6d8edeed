# Object patterns behind some: an object of just these keys matches.

# says: []
violation contains {"msg": n} if { some {"name": n} in input.review.object.spec.template.spec.containers }

# says: [{"msg": "side"}]
violation contains {"msg": n} if { some {"name": n, "image": i} in input.review.object.spec.template.spec.containers; startswith(i, "gcr") }

# says: [{"msg": "side"}]
violation contains {"msg": n} if some {"name": n, "image": _} in input.review.object.spec.template.spec.containers

# says: [{"msg": "1 side"}]
violation contains {"msg": sprintf("%v %v", [k, n])} if { some k, {"name": n, "image": i} in input.review.object.spec.template.spec.containers; i != "" }

# says: [{"msg": "[\"side\"]"}]
violation contains {"msg": json.marshal(xs)} if { xs := [n | some {"name": n, "image": _} in input.review.object.spec.template.spec.containers] }

# says: [{"msg": "side"}]
violation contains {"msg": n} if {
  some {
    "name": n,
    "image": _,
  } in input.review.object.spec.template.spec.containers
  n == "side"
}

# says: [{"msg": "x"}]
violation contains {"msg": "x"} if { some {"labels": {"app": a}} in input.review.object.spec.template; a == "web" }

# says: [{"msg": "x"}]
violation contains {"msg": "x"} if { some {} in [{}] }

# says: []
violation contains {"msg": "x"} if { some {"name": n} in input.parameters.repos; n == 1 }

# says: [{"msg": "x"}]
violation contains {"msg": "x"} if { some x in {"a", "b"}; x == "a" }

# says: [{"msg": "x"}]
violation contains {"msg": "x"} if { some [a, {"b": c}] in [[1, {"b": 2}]]; a == 1; c == 2 }
