import { globSync, readFileSync } from 'node:fs'
import hashicorp from '@cdktn/hcl2json'
import t from 'tap'
import { parse } from '../../../src/config/hcl/parse.ts'
import { root } from '../../support/cli.ts'

const all = `a = <<-EOT
  x \${var.y} \\n

  z
  EOT
b = "q\\u00e9 $\${z} %%{y} \${a ? "b" : c["d"].e[0].*.f} %{ if x ~}k%{ else }l%{ endif }"
c = { a = 1, b : 2
 (d) = -3.5e+2, "e" = null }
f = [for k, v in x : k if v != !w]
g = {for k, v in x : k => v... if true}
h = f(1, x...)
/* c
 c */ i = 1 # z
blk "a" b {
  c = 1 // x
  d {}
  e { f = 1 }
}
j = a.0.b[*].c
k = (1 +
 2) * 3 % 4 >= 5 && true || !false
m = provider::a::b(1)
`
const pieces = [
  '\n',
  ' ',
  '"',
  '\\',
  '${',
  '}',
  '{',
  '[',
  ']',
  '(',
  ')',
  '=',
  ':',
  ',',
  '.',
  '*',
  '#',
  '//',
  '/*',
  '*/',
  '<<EOT\n',
  'EOT\n',
  'for',
  'if',
  'in',
  'null',
  '1',
  '1.5',
  '0x1',
  'a',
  '-',
  '!',
  '&&',
  '||',
  '?',
  '~',
  '%{ if a }',
  '%{ endif }',
  'é',
  '\r\n',
  '\r',
  '\t',
  "'",
  ';',
  '...',
  '=>',
  '$',
  '%',
  '==',
  '@',
  '`',
  '1e5',
  '"a"',
  '::',
]

/** The same numbers in every run. */
function numbers(seed: number) {
  let state = seed
  return (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return (state >>> 8) % below
  }
}

function damage(text: string, random: (below: number) => number): string {
  const lines = text.split(/(?<=\n)/)
  const first = random(Math.max(1, lines.length - 6))
  let damaged = lines.slice(first, first + 3 + random(9)).join('')
  for (let count = 1 + random(3); count > 0; count -= 1) {
    const at = random(damaged.length + 1)
    const piece = random(4) === 0 ? '' : (pieces[random(pieces.length)] ?? '')
    damaged = damaged.slice(0, at) + piece + damaged.slice(at + random(4))
  }
  return damaged
}

/** What HashiCorp's parser says beyond a repeated name, which is no question of syntax here. */
async function complaintOf(text: string): Promise<string | undefined> {
  try {
    await hashicorp.parse('file', text)
    return undefined
  } catch (error) {
    const message = (error as Error).message
    return /file:/.exec(
      message.replace(/file:[^;]*Attribute redefined; .*?file:[\d,:-]+\. Each argument may be set only once\./s, ''),
    )
      ? message
      : undefined
  }
}

t.test("takes and refuses the very texts that HashiCorp's parser does", async (t) => {
  const texts = [
    all,
    ...globSync(`${root}/infrastructure/*.{tf,tfvars,tfbackend}`).map((file) => readFileSync(file, 'utf8')),
  ]
  for (const text of texts) t.same(parse(text).errors, [])
  const random = numbers(2024)
  let refused = 0
  const differing: string[] = []
  for (let count = 0; count < 800; count += 1) {
    const text = damage(texts[random(3) ? 0 : random(texts.length)] ?? all, random)
    const complaint = await complaintOf(text)
    const { errors } = parse(text)
    if (complaint) refused += 1
    if (errors.length > 0 !== (complaint !== undefined))
      differing.push(`${JSON.stringify(text)}: ${complaint} / ${errors[0]?.message}`)
  }
  t.same(differing, [])
  t.ok(refused > 200 && refused < 790, `${refused} refused`)
})

t.test("reads what HashiCorp's parser reads", async (t) => {
  const text = 'a = <<-EOT\n    x\n\n      y\n  EOT\nb = "\\u00e9\\t\\"$${c}%%{d}"\nc = <<X\n \\n\n  X\nd = "e\u0301"\n'
  const read = Object.fromEntries(
    parse(text).body.attributes.map(({ name, value }) => [name, value.kind === 'literal' && value.value]),
  )
  const [, ...others] = Object.entries((await hashicorp.parse('file', text)) as Record<string, string>)
  t.equal(read.a, 'x\n\n  y\n')
  t.equal(read.b, 'é\t"${c}%{d}')
  t.equal(read.c, ' \\n\n')
  t.equal(read.d, 'é')
  t.equal(others.length, 3)
})
