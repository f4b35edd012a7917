// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
import t from 'tap'
import { readPattern } from '../../src/cloudwatch/filter-pattern.ts'

const lines = ['{"level":"error","status":500,"to":{"name":"web-1"}}', '{"level":"info","status":200}', 'Error: plain = text', '']

const cases: [pattern: string, matches: boolean[]][] = [
  ['', [true, true, true, true]],
  ['Error', [false, false, true, false]],
  ['"plain = text" -status', [false, false, true, false]],
  ['{ $.level = "error" }', [true, false, false, false]],
  ['{ $.level != "error" }', [false, true, false, false]],
  ['{ $.status >= 200 && ($.to.name = "web-*" || $.level = info) }', [true, true, false, false]],
  ['{ $.status = 200 }', [false, true, false, false]],
  ['{ $.level = }', [false, false, false, false]],
]
for (const [pattern, matches] of cases) {
  t.test(`the pattern ${pattern || 'that is empty'}`, async (t) => t.same(lines.map(readPattern(pattern)), matches))
}
