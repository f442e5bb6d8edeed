# What is negated is looked up first.

# says: []
violation contains {"msg": "p3"} if { not input.zz > 1 }

# says: []
violation contains {"msg": "p3"} if { not input.zz > 1; true }

# says: []
violation contains {"msg": "p3"} if { not (input.zz > 1) }

# says: []
violation contains {"msg": "p3"} if { not input.review.object.zz > 1 }

# says: []
violation contains {"msg": "p3"} if { not input.review.object.spec.replicas > 1 }

# says: []
violation contains {"msg": "p3"} if { not input.zz < 1 }

# says: [{"msg": "p3"}]
violation contains {"msg": "p3"} if { not input.zz.a == 1 }

# says: []
violation contains {"msg": "p3"} if { not input.zz + 1 == 1 }

# says: []
violation contains {"msg": "notarr"} if { not [input.zz] }

# says: []
violation contains {"msg": "notarr"} if { not {"a": input.zz} }

# says: []
violation contains {"msg": "notarr"} if { not count([input.zz]) > 0 }

# says: []
violation contains {"msg": "notarr"} if { not {input.zz} == {"a"} }

# says: []
violation contains {"msg": "notin"} if { not input.zz in {"a"} }

# says: []
violation contains {"msg": "notin"} if { not "a" in input.zz }

# says: []
violation contains {"msg": "in"} if { "a" in input.zz }

# says: refused
violation contains {"msg": "x"} if { not input.parameters.labels[_] == "zz" }

# says: refused
violation contains {"msg": "x"} if { not startswith("a", input.parameters.repos[_]) }

# says: [{"msg": "x"}]
violation contains {"msg": "x"} if { not startswith("a", lower(input.parameters.repos[_])) }

# says: []
g(x) if startswith(x, "a")
violation contains {"msg": "x"} if { not g(input.zz) }

# says: []
r := 1 if input.zz
g(x) if x == 2
violation contains {"msg": "x"} if { not g(r) }

# says: []
violation contains {"msg": "x"} if { not input.review.object.metadata.labels[input.zz] }

# says: []
violation contains {"msg": "x"} if { not count(input.zz) == 0 }

# says: [{"msg": "x"}]
violation contains {"msg": "x"} if { not "a" == input.zz }

# says: []
violation contains {"msg": "x"} if { not {"a": 1} == {"a": input.zz} }

# says: [{"msg": "x"}]
violation contains {"msg": "x"} if { not input.zz }

# says: []
violation contains {"msg": "x"} if { not input.zz != "a" }

# says: []
violation contains {"msg": "x"} if not input.zz != "a"

# says: []
violation contains {"msg": "x"} if { not lower(input.zz) }

# says: [{"msg": "x"}]
g(x) := false
violation contains {"msg": "x"} if { not g(1) }

# says: [{"msg": "x"}]
violation contains {"msg": "x"} if { some c in [{"i": "a"}, {"j": 1}]; count([1 | not startswith(c.i, "b")]) > 0 }

# says: []
violation contains {"msg": "x"} if { every c in [{"i": "a"}, {"j": 1}] { not startswith(c.i, "b") } }

# says: [{"msg": "x"}]
g(x) if startswith(x, "a")
violation contains {"msg": "x"} if { not g(input.a) with input.a as "b" }

# says: [{"msg": "x"}]
violation contains {"msg": "x"} if { not startswith(input.a, "z") with input as {"a": "b"} }

# says: [{"msg": "x"}]
violation contains {"msg": "x"} if { not 3 in [x | x := input.zz[_]] }

# says: [{"msg": "x"}]
violation contains {"msg": "x"} if { not (input.zz == 1) }

# says: [{"msg": "x"}]
violation contains {"msg": "x"} if { not input.zz["a"] == 1 }

# says: []
violation contains {"msg": "x"} if { x := input.review.object; not x.a.b in x.c }

# says: []
violation contains {"msg": "x"} if { not [input.zz] == [1] }

# says: []
violation contains {"msg": "x"} if { not object.get(input.zz, "a", 1) == 1 }

# says: []
violation contains {"msg": "x"} if { not input.review.object.metadata.labels.app == lower(input.zz) }

# says: [{"msg": "x"}]
violation contains {"msg": "x"} if { not regex.match("a", input.review.object.metadata.name) }

# says: []
violation contains {"msg": "x"} if { not is_string(input.zz) }

# says: []
violation contains {"msg": "x"} if { not is_null(input.zz) }

# says: [{"msg": "x"}]
a.b contains 1 if input.zz
violation contains {"msg": "x"} if { not 1 in a.b }

# says: [{"msg": "x"}, {"msg": "y"}]
s contains 1 if input.zz
violation contains {"msg": "x"} if { not 1 in s }
violation contains {"msg": "y"} if { not s[1] }

# says: []
violation contains {"msg": "x"} if { not input.zz - 1 == 0 }

# says: [{"msg": "x"}]
violation contains {"msg": "x"} if { not -1 == input.zz }

# says: [{"msg": "y"}]
violation contains {"msg": "x"} if { l := input.review.object.metadata.labels; not l["app"]; true }
violation contains {"msg": "y"} if { l := input.review.object.metadata.labels; k := "zz"; not l[k]; true }
