// The syntax tree of HCL's native syntax: https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
// `at` is the offset of a node's first character.

export type Body = {
  attributes: Attribute[]
  blocks: Block[]
  /** Names whose value could not be read. */ broken: string[]
}
export type Attribute = { name: string; at: number; value: Expression }
export type Block = { type: string; labels: string[]; at: number; body: Body }

export type Literal = string | number | boolean | null
export type TemplatePart = string | Expression

export type Expression =
  | { kind: 'literal'; at: number; value: Literal }
  | { kind: 'template'; at: number; parts: TemplatePart[] }
  | { kind: 'tuple'; at: number; items: Expression[] }
  | { kind: 'object'; at: number; entries: Entry[] }
  | { kind: 'variable'; at: number; name: string }
  | { kind: 'attribute'; at: number; of: Expression; name: string }
  | { kind: 'index'; at: number; of: Expression; key: Expression }
  | { kind: 'splat'; at: number; of: Expression }
  | { kind: 'call'; at: number; name: string; args: Expression[]; spread: boolean }
  | { kind: 'unary'; at: number; operator: string; operand: Expression }
  | { kind: 'binary'; at: number; operator: string; left: Expression; right: Expression }
  | { kind: 'conditional'; at: number; condition: Expression; yes: Expression; no: Expression }
  | For

/** An object's entry; a bare name as key is a literal. */
export type Entry = { key: Expression; value: Expression }

export type For = {
  kind: 'for'
  at: number
  keyName: string | undefined
  valueName: string
  collection: Expression
  /** For an object only. */
  key: Expression | undefined
  value: Expression
  condition: Expression | undefined
  grouped: boolean
}

/** The expressions directly inside another one. */
export function childrenOf(expression: Expression): Expression[] {
  switch (expression.kind) {
    case 'literal':
    case 'variable':
      return []
    case 'template':
      return expression.parts.filter((part) => typeof part !== 'string')
    case 'tuple':
      return expression.items
    case 'object':
      return expression.entries.flatMap(({ key, value }) => [key, value])
    case 'attribute':
    case 'splat':
      return [expression.of]
    case 'index':
      return [expression.of, expression.key]
    case 'call':
      return expression.args
    case 'unary':
      return [expression.operand]
    case 'binary':
      return [expression.left, expression.right]
    case 'conditional':
      return [expression.condition, expression.yes, expression.no]
    case 'for':
      return [expression.collection, expression.key, expression.value, expression.condition].filter(
        (part) => part !== undefined,
      )
  }
}
