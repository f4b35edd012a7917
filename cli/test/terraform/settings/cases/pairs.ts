const names = ['text', 'number', 'flag', 'list', 'set', 'map', 'object', 'tuple', 'anything']
const values = [
  '"a"', '"${1 + 1}"', '"${"a"}b"', '"12"', '"+5"', '"a\\u00e9"', '"much longer than twenty characters"', '""', '5', '-0.5', '1e3', '5000',
  'true', 'null', '[]', '["a", "b"]', '[1, 2, 2]', '["a", 1]', '[["a"]]', '{}', '{ a = "b" }', '{ name = "n" }', '{ name = "n", port = "x" }',
  '{ "a.b" = 1 }', '{ a.b = 1 }', '[for x in ["a"] : x]', '[{ a = "b" }][0].a', '["a"][2]', 'var.most', 'word', 'upper("a")', '1 + "x"', '"a', '[1, 2',
  '<<EOT\nline\nEOT',
]
const broken = ['= 1', 'text "a"', 'text = = 1', '}', 'text {\n}', 'variable "x" {\n}', '\uFEFFtext = "a"', '%%', 'text = "%{ if true }a"']

/** Contents of a .tfvars file: every value for a variable of every type, and what can't be parsed. */
export const pairs: string[] = [...names.flatMap((name) => values.map((value) => `${name} = ${value}\n`)), ...broken.map((text) => `most = 100\n${text}\n`)]
