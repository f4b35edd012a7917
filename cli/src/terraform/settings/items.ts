import { createRequire } from 'node:module'
import type { Node, Parser } from 'web-tree-sitter'

/**
 * An argument, a block or a JSON property, and where it stands in its file. What it means is for Terraform to say.
 * Offsets are those of a JavaScript string.
 */
export type Item = {
  name: string
  labels: string[]
  start: number
  end: number
  /** Where an argument's value begins; for a block, where the block does. */
  valueStart: number
  /** A string that is written out. */
  text: string | undefined
  /** A block's body, an object's attributes, a list's elements. */
  items: Item[]
  /** Whether the parser is sure of all of it. */
  whole: boolean
}

let parser: Promise<Parser> | undefined

/**
 * Finds what a file is made of: HCL, or JSON (an object's properties are then the items).
 * The parser goes on behind a mistake, and leaves out what it cannot make sense of.
 */
export async function readItems(text: string, isJson: boolean): Promise<Item[]> {
  parser ??= loadParser()
  // JSON is nearly an HCL expression.
  const prefix = isJson ? 'x=' : ''
  const tree = (await parser).parse(prefix + text)
  if (!tree) return []
  const found = bodyItems(child(tree.rootNode, 'body') ?? tree.rootNode).map((item) => move(item, -prefix.length))
  tree.delete()
  return isJson ? (found[0]?.items ?? []) : found
}

async function loadParser(): Promise<Parser> {
  const { Language, Parser } = await import('web-tree-sitter')
  await Parser.init()
  const { resolve } = createRequire(import.meta.url)
  const made = new Parser()
  made.setLanguage(await Language.load(resolve('@tree-sitter-grammars/tree-sitter-hcl/tree-sitter-hcl.wasm')))
  return made
}

const children = (node: Node) => node.namedChildren.filter((each) => each !== null)
const child = (node: Node, type: string) => children(node).find((each) => each.type === type)

function bodyItems(body: Node): Item[] {
  return children(body).flatMap((node) => {
    if (node.type === 'attribute') return readPair(node, child(node, 'identifier'), child(node, 'expression'))
    return node.type === 'block' ? readBlock(node) : []
  })
}

function readBlock(node: Node): Item {
  const [type, ...labels] = children(node).filter((each) => ['identifier', 'string_lit'].includes(each.type))
  const body = child(node, 'body')
  return {
    name: type?.text ?? '',
    labels: labels.map(({ text }) => unquote(text)),
    start: node.startIndex,
    end: node.endIndex,
    valueStart: node.startIndex,
    text: undefined,
    items: body ? bodyItems(body) : [],
    whole: isWhole(node),
  }
}

/** The parser takes a string over several lines, which HCL does not. */
function isWhole(node: Node): boolean {
  const literals = node.descendantsOfType('template_literal').filter((each) => each !== null)
  return !node.hasError && !literals.some(({ text, parent }) => text.includes('\n') && parent?.type !== 'heredoc_template')
}

function readPair(node: Node, key: Node | null | undefined, value: Node | null | undefined): Item[] {
  return key && value ? [{ ...readValue(unquote(key.text), value), start: node.startIndex, whole: isWhole(node) }] : []
}

function readValue(name: string, value: Node): Item {
  const inner = value.type === 'expression' && value.namedChildCount === 1 ? value.firstNamedChild : undefined
  if (inner && ['literal_value', 'collection_value'].includes(inner.type)) return readValue(name, inner)
  const [literal] = children(value)
  return {
    name,
    labels: [],
    start: value.startIndex,
    end: value.endIndex,
    valueStart: value.startIndex,
    text: literal?.type === 'string_lit' ? unquote(literal.text) : undefined,
    items: literal ? readElements(name, literal) : [],
    whole: true,
  }
}

function readElements(name: string, collection: Node): Item[] {
  if (collection.type === 'tuple') {
    return children(collection).filter(({ type }) => type === 'expression').map((element) => readValue(name, element))
  }
  if (collection.type !== 'object') return []
  const elements = children(collection).filter(({ type }) => type === 'object_elem')
  return elements.flatMap((element) => readPair(element, element.childForFieldName('key'), element.childForFieldName('val')))
}

const unquote = (text: string) => (/^"[^]*"$/.test(text) ? text.slice(1, -1) : text)

function move(item: Item, by: number): Item {
  const { start, end, valueStart, items } = item
  return { ...item, start: start + by, end: end + by, valueStart: valueStart + by, items: items.map((each) => move(each, by)) }
}

/** The items around an offset, the outermost first. */
export function itemsAround(items: Item[], offset: number): Item[] {
  const found = items.find(({ start, end }) => start <= offset && offset < end)
  return found ? [found, ...itemsAround(found.items, offset)] : []
}

/**
 * The text with all between `start` and `end` taken out, and every other character where it was.
 * A JSON object keeps the commas that it needs.
 */
export function blank(text: string, start: number, end: number, isJson: boolean): string {
  const blanked = text.slice(0, start) + text.slice(start, end).replaceAll(/[^\r\n]/g, ' ') + text.slice(end)
  if (!isJson) return blanked
  return blanked.replaceAll(/"(?:[^"\\]|\\.)*"|[{[][\s,]*,|,(?=[\s,]*[}\],])/g, (part) => (part.startsWith('"') ? part : part.replaceAll(',', ' ')))
}
