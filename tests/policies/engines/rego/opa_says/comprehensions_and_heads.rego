# Comprehensions wherever they may stand, and heads that look something up.

# says: [{"msg": "{\"1\":true,\"2\":true}"}] (not here)
violation contains {"msg": json.marshal({x: true | some x in [1, 2]})}

# says: [{"msg": "{\"1\":true,\"2\":true}"}]
violation contains {"msg": json.marshal({x: true | some x in [1, 2]})} if true

# says: [{"msg": "{\"1\":true,\"2\":true}"}]
violation contains {"msg": m} if { m := json.marshal({x: true | some x in [1, 2]}) }

# says: [{"msg": "{\"1\":true,\"2\":true}"}]
violation contains {"msg": m} if { o := {x: true | some x in [1, 2]}; m := json.marshal(o) }

# says: [{"msg": "{\"1\":true,\"2\":true}"}]
violation contains {"msg": m} if { m := json.marshal({x: true | x := [1, 2][_]}) }

# says: [{"msg": "[1,2]"}]
violation contains {"msg": m} if { m := json.marshal([x | some x in [1, 2]]) }

# says: [{"msg": "a,b"}]
violation contains {"msg": m} if { m := concat(",", [x | some x in ["a", "b"]]) }

# says: [{"msg": "m"}]
violation contains {"msg": "m"} if { count([x | some x in ["a", "b"]; x == "a"]) > 0 }

# says: [{"msg": "a [\"a\", \"b\"]"}]
violation contains {"msg": m} if { m := sprintf("%v %v", ["a", [x | some x in ["a", "b"]]]) }

# says: [{"msg": "[[2],[3]]"}]
violation contains {"msg": json.marshal(r)} if { r := [y | some x in [1, 2]; y := [z | z := x + 1]] }

# says: [{"msg": "[[2],[3]]"}] (not here)
violation contains {"msg": json.marshal(r)} if { r := [[z | z := x + 1] | x := [1, 2][_]] }

# says: [{"msg": "[[1,2],[3]]"}] (not here)
violation contains {"msg": json.marshal(r)} if { r := [[z | some z in xs] | some xs in [[1, 2], [3]]] }

# says: [{"msg": "2"}, {"msg": "3"}]
f(x) := x if x > 1
violation contains {"msg": sprintf("%v", [f(c)])} if { some c in [1, 2, 3] }

# says: [{"msg": "2"}, {"msg": "3"}]
f(x) := x if x > 1
violation contains {"msg": m} if { some c in [1, 2, 3]; m := sprintf("%v", [f(c)]) }

# says: [{"msg": "2"}]
violation contains {"msg": sprintf("%v", [c.a])} if { some c in [{"b": 1}, {"a": 2}] }

# says: [{"msg": 2}]
violation contains {"msg": c.a} if { some c in [{"b": 1}, {"a": 2}] }

# says: [{"msg": 2}, {"msg": 3}]
violation contains {"msg": c.a} if { some c in [{"a": 2}, {"b": 1}, {"a": 3}] }

# says: [{"details": {"v": 2}, "msg": "x"}, {"details": {"v": 3}, "msg": "x"}]
violation contains {"msg": "x", "details": {"v": c.a}} if { some c in [{"a": 2}, {"b": 1}, {"a": 3}] }

# says: [{"msg": "2"}, {"msg": "3"}]
f(x) := x if x > 1
violation contains {"msg": sprintf("%v", [f(c)])} if { some c in [3, 2, 1] }

# says: [{"msg": "2"}, {"msg": "3"}]
f(x) := x if x > 1
violation contains {"msg": sprintf("%v", [f(c)])} if { c := [1, 2, 3][_] }

# says: [{"msg": "2"}, {"msg": "3"}]
f(x) := x if x > 1
violation contains {"msg": m} if { c := [1, 2, 3][_]; m := sprintf("%v", [f(c)]) }

# says: [{"msg": "a/b"}]
violation contains {"msg": concat("/", [sprintf("%v", [x]) | some x in p])} if { [p, v] := walk({"a": {"b": "web"}}); v == "web" }

# says: [{"msg": "a/b"}]
violation contains {"msg": m} if { [p, v] := walk({"a": {"b": "web"}}); v == "web"; m := concat("/", [sprintf("%v", [x]) | some x in p]) }

# says: [{"msg": "a/b"}]
violation contains {"msg": concat("/", [x | some x in p])} if { p := ["a", "b"] }

# says: [{"msg": "a/b"}]
violation contains {"msg": concat("/", [x | x := p[_]])} if { p := ["a", "b"] }

# says: [{"msg": "a/b"}]
violation contains {"msg": concat("/", p)} if { [p, v] := walk({"a": {"b": "web"}}); v == "web" }

# says: [{"msg": "[\"a\", \"b\"]"}]
violation contains {"msg": sprintf("%v", [[x | some x in p]])} if { some p in [["a", "b"]] }

# says: [{"msg": "{\"a\", \"b\"}"}]
violation contains {"msg": sprintf("%v", [{x | some x in p}])} if { some p in [["a", "b"]] }

# says: [{"msg": "870"}]
violation contains {"msg": m} if { m := sprintf("%d", [count([1 | some i in numbers.range(1, 30); some j in numbers.range(1, 30); i != j])]) }

# says: [{"msg": "870"}]
violation contains {"msg": m} if { n := count([1 | some i in numbers.range(1, 30); some j in numbers.range(1, 30); i != j]); m := sprintf("%d", [n]) }

# says: [{"msg": "870"}]
violation contains {"msg": m} if { xs := [1 | some i in numbers.range(1, 30); some j in numbers.range(1, 30); i != j]; m := sprintf("%d", [count(xs)]) }

# says: [{"msg": "g"}, {"msg": "g2"}, {"msg": "g3"}]
f(x) := count(x)
violation contains {"msg": "g"} if { f([x | some x in [1, 2]]) == 2 }
violation contains {"msg": "g2"} if { f({x | some x in [1, 2]}) == 2 }
violation contains {"msg": "g3"} if { f({x: 1 | some x in [1, 2]}) == 2 }

# says: [{"msg": "h"}]
xs := count([x | some x in [1, 2]])
violation contains {"msg": "h"} if xs == 2

# says: [{"msg": "i"}]
violation contains {"msg": "i"} if { every y in [x | some x in [1, 2]] { y < 3 } }

# says: [{"msg": "1"}, {"msg": "2"}]
violation contains {"msg": sprintf("%d", [y])} if { some y in [x | some x in [1, 2]] }

# says: [{"msg": "k"}, {"msg": "k2"}]
violation contains {"msg": "k"} if { {x | some x in [1, 2]} == {1, 2} }
violation contains {"msg": "k2"} if { count({x | some x in [1, 2]} - {1}) == 1 }

# says: [{"msg": "[1,2]"}, {"msg": "[9]"}] (not here)
f(x) := [y | some y in x] if count(x) > 1 else := [z | some z in [9]]
violation contains {"msg": json.marshal(f([1, 2]))}
violation contains {"msg": json.marshal(f([1]))}
