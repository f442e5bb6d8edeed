# The language at large: what it says of the input in test_as_opa_says.py.

# says: [{"msg": "big"}, {"msg": "mid"}, {"msg": "small"}]
f(x) := "big" if { x > 10 } else := "mid" if { x > 5 } else := "small"
violation contains {"msg": f(n)} if { some n in [1, 7, 20] }

# says: [{"msg": "0"}, {"msg": "14"}]
default g(_) := 0
g(x) := x * 2 if x > 3
violation contains {"msg": sprintf("%d", [g(n)])} if { some n in [1, 7] }

# says: [{"msg": "all"}, {"msg": "empty"}, {"msg": "kv"}]
violation contains {"msg": "all"} if { every c in input.review.object.spec.template.spec.containers { c.image } }
violation contains {"msg": "allres"} if { every c in input.review.object.spec.template.spec.containers { c.resources.limits.cpu } }
violation contains {"msg": "empty"} if { every x in [] { x == 1 } }
violation contains {"msg": "kv"} if { every k, v in {"a": 1} { k == "a"; v == 1 } }
violation contains {"msg": "undef"} if { every x in input.zz { x == 1 } }

# says: [{"msg": "app=web"}, {"msg": "tier=Front-End"}]
violation contains {"msg": sprintf("%v=%v", [k, v])} if { some k, v in input.review.object.metadata.labels }

# says: [{"msg": "w"}, {"msg": "w2"}, {"msg": "w3"}]
ok if input.a == 1
violation contains {"msg": "w"} if { ok with input as {"a": 1} }
violation contains {"msg": "w2"} if { not ok }
violation contains {"msg": "w3"} if { ok with input.a as 1 }

# says: [{"msg": "none"}, {"msg": "x"}]
val := data.foo.bar
violation contains {"msg": val2} if { val2 := val with data.foo.bar as "x" }
violation contains {"msg": "none"} if { not val }

# says: [{"msg": "mock"}, {"msg": 5}]
h(x) := x
m(_) := "mock"
violation contains {"msg": r} if { r := h("a") with h as m }
violation contains {"msg": r} if { r := upper("a") with upper as m }
violation contains {"msg": r} if { r := count([1]) with count as 5; is_number(r) }

# says: [{"msg": "{\"c\":1}"}, {"msg": "{\"n\":1}"}, {"msg": "{\"n\":2}"}]
a.b.c := 1
a.d contains "x"
a[k].n := v if { some k, v in {"p": 1, "q": 2} }
violation contains {"msg": json.marshal(a.b)}
violation contains {"msg": json.marshal(a.p)}
violation contains {"msg": json.marshal(a.q)}

# says: [{"msg": "{\"a\":1,\"b\":2}"}]
o[k] := v if { some k, v in {"a": 1, "b": 2} }
violation contains {"msg": json.marshal(o)}

# says: failed
o[k] := v if { some k in ["a"]; some v in [1, 2] }
violation contains {"msg": json.marshal(o)}

# says: failed
p := 1 if input.review
p := 2 if input.review
violation contains {"msg": "x"} if p == 1

# says: failed
p(x) := 1 if x > 0
p(x) := 2 if x > 1
violation contains {"msg": sprintf("%d", [p(1)])}
violation contains {"msg": sprintf("%d", [p(3)])}

# says: [{"msg": "neg"}]
p(x) := 1 if x > 5
violation contains {"msg": "neg"} if not p(1)
violation contains {"msg": "pos"} if p(1)

# says: refused
violation contains {"msg": x} if { [x, "b"] = ["a", "b"] }
violation contains {"msg": x} if { {"k": x} = {"k": "v"} }
violation contains {"msg": "obj"} if { {"k": _} = {"k": "v", "j": 1} }
violation contains {"msg": x} if { some i; ["p", "q"][i] = x; i = 1 }
violation contains {"msg": "swap"} if { [1, x] = [y, 2]; x == 2; y == 1 }

# says: refused
violation contains {"msg": sprintf("%v", [s])} if { [a, b] := [1, 2]; s := a + b }
violation contains {"msg": sprintf("%v", [a])} if { {"x": a} := {"x": 3} }
violation contains {"msg": "nomatch"} if { [a] := [1, 2] }

# says: refused
violation contains {"msg": "no x"} if { not "x" in ["a", "b"] }
violation contains {"msg": "nested"} if { not input.review.object.spec.template.spec.containers[_].zz }
violation contains {"msg": "any"} if { input.review.object.spec.template.spec.containers[_].image }

# says: [{"msg": "a"}, {"msg": "b"}, {"msg": "has"}, {"msg": "hasq"}, {"msg": "nz"}]
s := {"b", "a"}
violation contains {"msg": x} if s[x]
violation contains {"msg": "has"} if s.a
violation contains {"msg": "hasq"} if s["b"]
violation contains {"msg": "nz"} if not s.z

# says: [{"msg": "assign false"}, {"msg": "eq false"}, {"msg": "not false"}]
violation contains {"msg": "false is undefined"} if { input.review.object.spec.template.spec.containers[0].stdin }
violation contains {"msg": "eq false"} if { input.review.object.spec.template.spec.containers[0].stdin == false }
violation contains {"msg": "not false"} if { not input.review.object.spec.template.spec.containers[0].stdin }
violation contains {"msg": "assign false"} if { x := input.review.object.spec.template.spec.containers[0].stdin; x == false }

# says: [{"msg": "is_null"}, {"msg": "null"}, {"msg": "truthy null"}]
violation contains {"msg": "null"} if { input.review.object.metadata.nothing == null }
violation contains {"msg": "truthy null"} if { input.review.object.metadata.nothing }
violation contains {"msg": "not null"} if { not input.review.object.metadata.nothing }
violation contains {"msg": "is_null"} if is_null(input.review.object.metadata.nothing)

# says: [{"msg": "deny"}, {"msg": "eqf"}]
default allow := false
allow if input.review.zz
violation contains {"msg": "deny"} if not allow
violation contains {"msg": "eqf"} if allow == false

# says: [{"msg": "d"}]
deny if { 1 == 2 } 
deny if { 1 == 1 }
violation contains {"msg": "d"} if deny

# says: [{"msg": "[[\"web\",\"side\"],[\"gcr.io/x/y\",\"nginx:latest\"],{\"side\":\"gcr.io/x/y\",\"web\":\"nginx:latest\"}]"}]
xs := [x | x := input.review.object.spec.template.spec.containers[_].name]
ys := {x | some c in input.review.object.spec.template.spec.containers; x := c.image}
zs := {n: i | some c in input.review.object.spec.template.spec.containers; n := c.name; i := c.image}
violation contains {"msg": json.marshal([xs, ys, zs])}

# says: [{"msg": "[[2],[3]]"}] (not here)
violation contains {"msg": json.marshal(r)} if { r := [[y | y := x + 1] | some x in [1, 2]] }

# says: failed
violation contains {"msg": json.marshal(r)} if { r := {"a": v | some v in [1, 2]} }

# says: [{"msg": "metadata/labels/app"}, {"msg": "spec/containers/0/name"}]
violation contains {"msg": concat("/", [sprintf("%v", [x]) | some x in p])} if { [p, v] := walk(input.review.object.spec.template); v == "web" }

# says: [{"msg": "nginx:latest"}]
violation contains {"msg": v} if { walk(input.review.object, [_, v]); is_string(v); startswith(v, "nginx") }

# says: [{"msg": "false"}]
violation contains {"msg": sprintf("%v", [object.get(input.review.object, ["spec", "template", "spec", "hostNetwork"], false)])}

# says: [{"msg": "2 2"}, {"msg": "9007199254740993"}, {"msg": "big"}, {"msg": "eq"}, {"msg": "flt"}, {"msg": "rep"}, {"msg": "set"}]
violation contains {"msg": "eq"} if 1 == 1.0
violation contains {"msg": "set"} if count({1, 1.0}) == 1
violation contains {"msg": "rep"} if input.review.object.spec.replicas == 2
violation contains {"msg": "big"} if input.review.object.spec.big == 9007199254740993
violation contains {"msg": sprintf("%v", [input.review.object.spec.big])}
violation contains {"msg": "flt"} if input.review.object.spec.flt == 2
violation contains {"msg": sprintf("%v %d", [input.review.object.spec.flt, input.review.object.spec.flt])}

# says: [{"msg": "100"}, {"msg": "1000"}, {"msg": "1500"}, {"msg": "2000"}, {"msg": "500"}]
canonify_cpu(orig) := new if { is_number(orig); new := orig * 1000 }
canonify_cpu(orig) := new if { not is_number(orig); endswith(orig, "m"); new := to_number(replace(orig, "m", "")) }
canonify_cpu(orig) := new if { not is_number(orig); not endswith(orig, "m"); regex.match("^[0-9]+(\\.[0-9]+)?$", orig); new := to_number(orig) * 1000 }
violation contains {"msg": sprintf("%v", [canonify_cpu(c)])} if { some c in ["100m", "1", "0.5", 2, "1.5", "x"] }

# says: [{"msg": "128Mi=134217728000"}, {"msg": "1Ki=1024000"}, {"msg": "1P=1000000000000000000"}, {"msg": "3E=3000000000000000000000"}, {"msg": "500=500000"}, {"msg": "gt"}]
mem_multiple("E") := 1000000000000000000000
mem_multiple("P") := 1000000000000000000
mem_multiple("Ki") := 1024000
mem_multiple("Mi") := 1048576000
mem_multiple("") := 1000
get_suffix(mem) := suffix if { is_string(mem); count(mem) > 1; suffix := substring(mem, count(mem) - 2, -1); mem_multiple(suffix) }
get_suffix(mem) := suffix if { is_string(mem); count(mem) > 0; not substring(mem, count(mem) - 2, -1) in {"Ki", "Mi"}; suffix := substring(mem, count(mem) - 1, -1); mem_multiple(suffix) }
get_suffix(mem) := "" if { is_string(mem); regex.match("^[0-9]+$", mem) }
canon(orig) := new if { suffix := get_suffix(orig); raw := replace(orig, suffix, ""); regex.match("^[0-9]+(\\.[0-9]+)?$", raw); new := to_number(raw) * mem_multiple(suffix) }
violation contains {"msg": sprintf("%v=%v", [m, canon(m)])} if { some m in ["128Mi", "1Ki", "500", "3E", "1P"] }
violation contains {"msg": "gt"} if canon("3E") > canon("1P")

# says: [{"msg": "0.1"}, {"msg": "1"}, {"msg": "1.5"}, {"msg": "1000000000"}, {"msg": "1024"}, {"msg": "134217728"}, {"msg": "2000000000000"}, {"msg": "2048"}, {"msg": "500"}]
violation contains {"msg": sprintf("%v", [units.parse_bytes(m)])} if { some m in ["128Mi", "1G", "500", "1Ki", "2T"] }
violation contains {"msg": sprintf("%v", [units.parse(m)])} if { some m in ["100m", "1", "1.5", "2Ki"] }

# says: [{"msg": "s"}, {"msg": "v"}]
violation contains {"msg": "s"} if contains("abc", "b")
violation contains {"msg": "v"} if { not contains(input.review.object.metadata.name, "zz") }

# says: refused
violation contains {"msg": "n"} if not to_number("x")
violation contains {"msg": "n2"} if not count(3)
violation contains {"msg": "n3"} if not startswith(input.review.object.spec.replicas, "a")
violation contains {"msg": "n4"} if not regex.match("[", "a")

# says: failed
violation contains {"msg": "e"} if { x := to_number("abc"); x > 1 }
violation contains {"msg": "other"} if true

# says: failed
violation contains {"msg": "bad"} if { some c in input.review.object.spec.template.spec.containers; not startswith(c.ports[0].containerPort, "8") }

# says: [{"msg": "z"}]
violation contains {"msg": sprintf("%v", [input.review.zz])}
violation contains {"msg": "z"}

# says: []
violation contains {"msg": "a", "details": {"x": input.review.zz}}

# says: [{"msg": "side"}, {"msg": "web"}]
cs contains c if { c := input.review.object.spec.template.spec.containers[_] }
cs contains c if { c := input.review.object.spec.template.spec.initContainers[_] }
violation contains {"msg": c.name} if { c := cs[_] }

# says: []
violation contains {"msg": "ac"} if { x := array.concat(input.review.object.spec.template.spec.containers, input.review.object.spec.template.spec.initContainers); count(x) > 0 }

# says: [{"msg": "side"}, {"msg": "web"}]
violation contains {"msg": c.name} if { x := array.concat(input.review.object.spec.template.spec.containers, object.get(input.review.object.spec.template.spec, "initContainers", [])); c := x[_] }

# says: [{"msg": "containers side"}, {"msg": "containers web"}, {"msg": "x"}]
input_containers contains [f, c] if { some f in ["containers", "initContainers"]; c := input.review.object.spec.template.spec[f][_] }
violation contains {"msg": sprintf("%s %s", [f, c.name])} if { [f, c] := input_containers[_] }
violation contains {"msg": "x"} if { input_containers[[f, c]]; f == "containers" }

# says: [{"details": {"missing_labels": ["owner"]}, "msg": "you must provide labels: {\"owner\"}"}]
violation contains {"msg": msg, "details": {"missing_labels": missing}} if {
  provided := {label | input.review.object.metadata.labels[label]}
  required := {label | label := input.parameters.labels[_]}
  missing := required - provided
  count(missing) > 0
  msg := sprintf("you must provide labels: %v", [missing])
}

# says: [{"msg": "tier:Front-End"}]
violation contains {"msg": m} if { value := input.review.object.metadata.labels[key]; m := sprintf("%v:%v", [key, value]); not regex.match("^[a-z]+$", value) }

# says: [{"msg": "a-b"}]
violation contains {"msg": x} if { some x in ["a-b", "ab"]; regex.match(`^[a-z]+-[a-z]+$`, x) }

# says: [{"msg": "a\\nb"}]
violation contains {"msg": `a\nb`}

# says: [{"msg": "p"}]
violation contains {"msg": "p"} if { print("x", input.review.zz); true }

# says: [{"msg": "k"}]
contains_x if true
violation contains {"msg": "k"} if contains_x

# says: [{"msg": "-3"}, {"msg": "1.5"}, {"msg": "2.5"}, {"msg": "3"}, {"msg": "7"}, {"msg": "9"}]
violation contains {"msg": sprintf("%v", [x])} if { some x in [1 + 2 * 3, (1 + 2) * 3, 7 % 4, 10 / 4, 2 - 5, 1.5 * 2, 3 - 1.5] }

# says: [{"msg": "lt"}]
violation contains {"msg": "lt"} if "v1.10" < "v1.9"

# says: [{"msg": "und"}]
t := "a" if false else := "b" if false
violation contains {"msg": "und"} if not t

# says: [{"msg": "array"}, {"msg": "boolean"}, {"msg": "null"}, {"msg": "number"}, {"msg": "object"}, {"msg": "set"}, {"msg": "string"}]
violation contains {"msg": type_name(x)} if { some x in [1, "a", null, true, [], {}, set()] }

# says: [{"msg": "pkg"}]
x1 := 1
violation contains {"msg": "pkg"} if data.a.x1 == 1

# says: [{"msg": "noinv"}]
violation contains {"msg": n} if { data.inventory.namespace[ns][_]["Service"][n]; ns == "x" }
violation contains {"msg": "noinv"} if not data.inventory.cluster

# says: [{"msg": "2"}]
k := "spec"
violation contains {"msg": sprintf("%v", [input.review.object[k].replicas])}
violation contains {"msg": sprintf("%v", [input.review["object"]["spec"]["replicas"]])}

# says: [{"msg": "2"}]
n(x) if not m(x)
m(x) if x > 1
violation contains {"msg": sprintf("%v", [x])} if { some x in [1, 2]; not n(x) }

# says: [{"msg": "inv"}, {"msg": "kv"}, {"msg": "nin"}]
violation contains {"msg": "in"} if { "web" in {"web": 1} }
violation contains {"msg": "inv"} if { 1 in {"web": 1} }
violation contains {"msg": "kv"} if { "web", 1 in {"web": 1} }
violation contains {"msg": "nin"} if { not 2 in {"web": 1} }

# says: refused
violation contains {"msg": x} if { x := "abc"[_] }
violation contains {"msg": "w"} if { count("abc") == 3 }
violation contains {"msg": "nos"} if { not input.review.object.metadata.name[0] }

# says: [{"msg": "1"}, {"msg": "null"}, {"msg": "true"}]
violation contains {"msg": sprintf("%v", [x])} if { {1: "a", true: "b", null: "c"}[x] }

# says: [{"msg": "t"}]
violation contains {"msg": "t"} if { time.now_ns() > 0 }

# says: [{"msg": "ne"}]
violation contains {"msg": "ne"} if { every xs in [[1, 2], [3]] { every x in xs { x < 4 } } }

# says: [{"msg": "eo"}]
violation contains {"msg": "eo"} if { y := 3; every x in [1, 2] { x < y } }

# says: [{"msg": "Front-End, web"}]
violation contains {"msg": m} if { m := concat(", ", sort([x | x := input.review.object.metadata.labels[_]])) }

# says: [{"msg": "hello web"}] (not here)
violation contains {"msg": $"hello {input.review.object.metadata.name}"}

# says: [{"msg": "a"}]
violation contains {"msg": x} if { some x in {"a"}; x in {"a", "b"} }

# says: [{"msg": "c"}, {"msg": "c2"}]
c1 := false
violation contains {"msg": "c"} if not c1
violation contains {"msg": "c2"} if c1 == false

# says: [{"msg": "e"}, {"msg": "e2"}, {"msg": "e3"}]
e contains x if { some x in []; true }
violation contains {"msg": "e"} if count(e) == 0
violation contains {"msg": "e2"} if not e.x
violation contains {"msg": "e3"} if e == set()

# says: [{"msg": "e"}, {"msg": "e3"}]
e[k] := 1 if { some k in []; true }
violation contains {"msg": "e"} if count(e) == 0
violation contains {"msg": "e3"} if e == {}

# says: [{"msg": "r"}]
r1 if data.a.r2
r2 if true
violation contains {"msg": "r"} if r1

# says: [{"msg": "2"}, {"msg": "8"}]
violation contains {"msg": sprintf("%v", [count(input.review.object.spec.template.spec.containers)])} if true
double(x) := x * 2
violation contains {"msg": sprintf("%v", [double(double(2))])}

# says: [{"msg": "1"}, {"msg": "nopick"}]
pick(x) := y if { y := {"a": 1, "b": 2}[x] }
violation contains {"msg": sprintf("%v", [pick("a")])}
violation contains {"msg": "nopick"} if not pick("z")

# says: [{"msg": "web"}]
is_bad(c) if c.image == "nginx:latest"
is_bad(c) if endswith(c.image, ":latest")
violation contains {"msg": c.name} if { some c in input.review.object.spec.template.spec.containers; is_bad(c) }

# says: [{"msg": "0:web"}, {"msg": "1:side"}]
violation contains {"msg": sprintf("%d:%s", [i, c.name])} if { c := input.review.object.spec.template.spec.containers[i] }

# says: [{"msg": "-1"}, {"msg": "4"}]
violation contains {"msg": sprintf("%v", [x])} if { x := -1; x < 0 }
violation contains {"msg": sprintf("%v", [3 - -1])}

# says: [{"msg": "a"}, {"msg": "b"}]
violation contains {"msg": trim(x, "/")} if { some x in ["/a/", "b"] }

# says: [{"msg": "gcr.io/x/y|latest"}, {"msg": "nginx|latest"}]
split_image(image) := [image, "latest"] if not contains(image, ":")
split_image(image) := [name, tag] if { parts := split(image, ":"); count(parts) == 2; [name, tag] := parts }
violation contains {"msg": sprintf("%s|%s", split_image(c.image))} if { some c in input.review.object.spec.template.spec.containers }

# says: [{"msg": "nginx:latest"}]
repo_ok(i) if { some r in input.parameters.repos; startswith(i, r) }
violation contains {"msg": c.image} if { some c in input.review.object.spec.template.spec.containers; not repo_ok(c.image) }

# says: [{"msg": "nginx:latest"}]
violation contains {"msg": c.image} if {
  some c in input.review.object.spec.template.spec.containers
  satisfied := [good | repo := input.parameters.repos[_]; good := startswith(c.image, repo)]
  not any_true(satisfied)
}
any_true(xs) if true in xs

# says: [{"msg": "a"}]
violation contains {"msg": input2} if { input2 := "a"; true }

# says: [{"msg": "web"}]
import input.review.object as obj
violation contains {"msg": obj.metadata.name}

# says: [{"msg": "x"}]
import data.a.helpers as hp
violation contains {"msg": "x"} if not hp.foo

# says: [{"msg": "one line"}]
violation contains {"msg": "one line"} if input.review.object.kind == "Deployment"

# says: [{"msg": "a/b"}]
violation contains {"msg": x} if { some x in ["a/b", "a", "a/b/c"]; glob.match("a/*", ["/"], x) }

# says: [{"msg": "{\"1\":true,\"2\":true}"}] (not here)
violation contains {"msg": json.marshal({x: true | some x in [1, 2]})}

# says: [{"msg": "rt"}]
violation contains {"msg": "rt"} if json.unmarshal(json.marshal(input)) == input

# says: [{"msg": "8970"}] (not here)
violation contains {"msg": sprintf("%d", [count([1 | some i in numbers.range(1, 300); some j in numbers.range(1, 30); i != j])])}

# says: [{"msg": "p"}, {"msg": "q"}]
cfg := {"x": {"y": ["p", "q"]}}
violation contains {"msg": cfg.x.y[i]} if { i := 1 }
violation contains {"msg": v} if { v := cfg[_].y[_] }

# says: [{"msg": "a"}]
violation contains {"msg": x} if { x := "a"; y := x; y == "a" }

# says: [{"msg": "meta"}]
# METADATA
# title: hi
violation contains {"msg": "meta"} if true

# says: [{"msg": "has f"}, {"msg": "has n"}, {"msg": "hasnt"}]
has(o, k) if { _ = o[k] }
violation contains {"msg": "has f"} if has(input.review.object.spec.template.spec.containers[0], "stdin")
violation contains {"msg": "has n"} if has(input.review.object.metadata, "nothing")
violation contains {"msg": "hasnt"} if not has(input.review.object.metadata, "zz")

# says: [{"msg": "us"}, {"msg": "wf"}]
violation contains {"msg": "wf"} if { x = input.review.object.spec.template.spec.containers[0].stdin; x == false }
violation contains {"msg": "us"} if { _ := input.review.object.spec.template.spec.containers[0].stdin }
