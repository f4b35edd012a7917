import t from 'tap'
import { evaluate } from '../../../src/config/hcl/evaluate.ts'
import { parseWholeExpression } from '../../../src/config/hcl/parse.ts'
import { EvaluationError, objectOf, unknown, type Value } from '../../../src/config/hcl/values.ts'

const scope = new Map<string, Value>([
  [
    'var',
    objectOf([
      ['name', 'web-app'],
      ['n', 5],
      ['list', ['a', 'b']],
      [
        'map',
        objectOf([
          ['k', 'v'],
          ['aws:x', 'y'],
        ]),
      ],
      ['later', unknown],
    ]),
  ],
])
const read = (text: string) =>
  JSON.parse(JSON.stringify({ value: evaluate(parseWholeExpression(text), scope) })) as { value: unknown }

/** Each as `terraform console` of 1.11 prints it. */
const known: [string, unknown][] = [
  ['1 + 2 * 3 - 4 / 2', 5],
  ['7 % 4 == 3 && !(1 > 2) || false', true],
  ['-var.n < 0 ? "neg" : "pos"', 'neg'],
  ['"${var.name}-${var.n}"', 'web-app-5'],
  ['var.list[1]', 'b'],
  ['var.map["k"]', 'v'],
  ['var.map.k', 'v'],
  ['length(var.name) <= 16', true],
  ['length("日本e\u0301")', 3],
  ['can(regex("^[a-z](-?[a-z0-9])*$", var.name))', true],
  ['can(regex("^[a-z]+$", var.name))', false],
  ['regex("(\\\\d+)-(\\\\d+)", "10-20")', ['10', '20']],
  ['regex("(?P<year>\\\\d{4})", "in 2024")', { year: '2024' }],
  ['regexall("a.", "abac")', ['ab', 'ac']],
  ['contains([256, 512], 512)', true],
  ['contains(["256"], 256)', false],
  ['alltrue([for key in keys(var.map) : !startswith(lower(key), "aws:")])', false],
  ['alltrue([])', true],
  ['anytrue([for key, value in var.map : value == "y"])', true],
  ['[for index, item in var.list : "${index}${item}" if item != "a"]', ['1b']],
  ['{for item in var.list : item => upper(item)}', { a: 'A', b: 'B' }],
  ['cidrhost("10.0.0.0/16", 5)', '10.0.0.5'],
  ['cidrhost("10.0.0.0/24", -1)', '10.0.0.255'],
  ['cidrsubnet("10.1.2.3/16", 0, 0)', '10.1.0.0/16'],
  ['cidrsubnet("10.0.0.0/16", 4, 8)', '10.0.128.0/20'],
  ['cidrnetmask("172.16.0.0/12")', '255.240.0.0'],
  ['can(cidrhost("10.0.0.0/33", 0))', false],
  ['can(cidrnetmask("10.0.0.256/8"))', false],
  ['try(tonumber("x"), 7)', 7],
  ['tonumber(split("/", "10.0.0.0/16")[1])', 16],
  ['lookup({ 256 = [512] }, tostring(256), [])', [512]],
  ['range(1024, 4096 + 1, 1024)', [1024, 2048, 3072, 4096]],
  ['[floor(1.5), ceil(1.5), abs(-2), min(3, 1), max([1, 4]...)]', [1, 2, 2, 1, 4]],
  ['endswith(trimspace(" ab "), "b")', true],
  ['{ a = 1 } == { a = 1 }', true],
]

for (const [text, value] of known) {
  t.test(text, async (t) => t.strictSame(read(text).value, value))
}

for (const text of [
  'filesha256("x")',
  'var.later == "x"',
  'local.x',
  'length(var.later) > 3',
  'var.list[*]',
  'regex("\\\\pL", "a")',
  'can(var.later)',
  'cidrnetmask("010.0.0.0/8")',
]) {
  t.test(`${text} is left to Terraform`, async (t) => t.equal(evaluate(parseWholeExpression(text), scope), unknown))
}

for (const text of [
  'tonumber("x")',
  'regex("a", "b")',
  'var.none',
  'var.list[2]',
  '1 / 0',
  '"a" + 1',
  'lookup({}, "a")',
  'cidrsubnet("10.0.0.0/30", 4, 0)',
]) {
  t.test(`${text} is refused`, async (t) => {
    try {
      t.fail(`came to ${String(evaluate(parseWholeExpression(text), scope))}`)
    } catch (error) {
      t.ok(error instanceof EvaluationError)
    }
  })
}
