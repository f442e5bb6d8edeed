# What is not there: in heads, keys, calls and patterns; and walk() in all its forms.

# says: [{"details": {"v": 2}, "msg": "x"}, {"details": {"v": 3}, "msg": "x"}]
violation contains m if { some c in [{"a": 2}, {"b": 1}, {"a": 3}, {"b": 1}]; m := {"msg": "x", "details": {"v": c.a}} }

# says: [{"msg": "3"}]
f(x) := x if x > 1
violation contains m if { some c in [3, 1]; m := {"msg": sprintf("%v", [f(c)])} }

# says: [{"msg": "no g"}, {"msg": "p"}]
g(x) := x.a if is_object(x)
violation contains m if { some c in [{"a": "p"}, {"b": 1}]; m := {"msg": g(c)} }
violation contains {"msg": "no g"} if not g({"b": 1})

# says: [{"msg": "{\"p\":1}"}]
o[k] := v.a if { some k, v in {"p": {"a": 1}, "q": {"b": 1}} }
violation contains m if { m := {"msg": json.marshal(o)} }

# says: [{"msg": "{\"q\":1}"}]
o[k] := v.a if { some k, v in {"p": {"b": 1}, "q": {"a": 1}} }
violation contains m if { m := {"msg": json.marshal(o)} }

# says: [{"msg": "nop"}]
p := input.zz if true
violation contains {"msg": "nop"} if not p

# says: [{"msg": "p"}]
p := v.a if { some v in [{"a": 1}, {"b": 1}] }
violation contains {"msg": "p"} if p == 1

# says: [{"msg": "p"}]
p := v.a if { some v in [{"b": 1}, {"a": 1}] }
violation contains {"msg": "p"} if p == 1

# says: [{"msg": "s"}]
s contains v.a if { some v in [{"a": 1}, {"b": 1}] }
violation contains {"msg": "s"} if s[1]

# says: [{"msg": "{\"z\":1}"}]
o[v.k] := 1 if { some v in [{"k": "z"}, {"b": 1}] }
violation contains m if { m := {"msg": json.marshal(o)} }

# says: [{"msg": "7"}]
h(xs) := v.a if { some v in xs }
violation contains {"msg": sprintf("%v", [h([{"b": 1}, {"a": 7}])])}
violation contains {"msg": sprintf("%v", [h([{"a": 7}, {"b": 1}])])}

# says: [{"msg": "[1]"}, {"msg": "[2]"}, {"msg": "[\"X\"]"}, {"msg": "{\"2\":1}"}, {"msg": "{\"k\":2}"}]
violation contains m if { m := {"msg": json.marshal([v.a | some v in [{"a": 1}, {"b": 2}]])} }
violation contains m if { m := {"msg": json.marshal({v.a | some v in [{"b": 1}, {"a": 2}]})} }
violation contains m if { m := {"msg": json.marshal({v.a: 1 | some v in [{"b": 1}, {"a": 2}]})} }
violation contains m if { m := {"msg": json.marshal({"k": v.a | some v in [{"b": 1}, {"a": 2}]})} }
violation contains m if { m := {"msg": json.marshal([upper(v.a) | some v in [{"b": 1}, {"a": "x"}, {"b": 1}]])} }

# says: []
violation contains {"msg": "arr"} if { x := [input.zz]; count(x) == 1 }
violation contains {"msg": "obj"} if { x := {"a": input.zz}; count(x) == 1 }
violation contains {"msg": "set"} if { x := {input.zz}; count(x) == 1 }
violation contains {"msg": "notarr"} if { not [input.zz] }

# says: [{"msg": "p4"}]
violation contains {"msg": "p"} if { x := {1} - input.zz; count(x) == 1 }
violation contains {"msg": "p2"} if { x := {1} | input.zz; count(x) == 1 }
violation contains {"msg": "p3"} if { not input.zz > 1 }
violation contains {"msg": "p4"} if { not input.zz == input.yy }

# says: [{"msg": "w"}]
violation contains {"msg": "w"} if { walk({"a": "x"}, [p, v]); v == "x"; p == ["a"] }

# says: [{"msg": "w"}]
violation contains {"msg": "w"} if { walk({"a": "x"}, o); [p, v] := o; v == "x"; p == ["a"] }

# says: [{"msg": "w"}]
violation contains {"msg": "w"} if { [p, v] = walk({"a": "x"}); v == "x" }

# says: [{"msg": "w"}] (not here)
violation contains {"msg": "w"} if { [_, "x"] = walk({"a": "x"}) }

# says: [{"msg": "w"}] (not here)
violation contains {"msg": "w"} if { walk({"a": "x"})[1] == "x" }

# says: [{"msg": "w"}]
violation contains {"msg": "w"} if { x := walk({"a": "x"}); x[1] == "x" }

# says: [] (not here)
violation contains {"msg": "w"} if { some [p, v] in walk({"a": "x"}) }

# says: [{"msg": "[\"x\"]"}]
xs := [v | [_, v] := walk({"a": "x"}); is_string(v)]
violation contains {"msg": json.marshal(xs)} if true

# says: [{"msg": "w"}]
violation contains {"msg": "w"} if { walk({"a": "x"}, [["a"], v]); v == "x" }

# says: [{"msg": "s"}]
violation contains {"msg": "s"} if { some {"name": n, "i": _} in [{"name": "a", "i": 1}] }

# says: refused
violation contains {"msg": "s"} if { some [a] in [[1, 2]] }

# says: [{"msg": "2"}]
f(v) := v.a if { is_object(v) } else := 2
violation contains {"msg": sprintf("%v", [f(input.parameters)])} if true

# says: [{"msg": "1"}]
r := v.a if { v := [{"b": 1}, {"a": 1}][_] } else := 2
violation contains {"msg": sprintf("%v", [r])} if true

# says: [{"msg": "3"}]
f(v) := input.zz if { is_string(v) } else := 3
violation contains {"msg": sprintf("%v", [f("x")])} if true
