/** A part of a text that may be left out for its length: `what` it is in the sentence that says so. */
export type Block = { title?: string; text: string; weight: number; what: string }

/** Room for the sentence that says what was left out, and for the titles. */
const reserve = 1_500

/** The blocks in their order, without the lightest ones where all are too much; and what was left out. */
export function fit(blocks: Block[], most: number): string {
  const byWeight = blocks.toSorted((a, b) => b.weight - a.weight)
  const kept = new Set<Block>()
  let left = most - reserve
  for (const block of byWeight) {
    left -= block.text.length + 2
    if (left < 0) break
    kept.add(block)
  }
  const dropped = byWeight.filter((block) => !kept.has(block))
  return [...layOut(blocks.filter((block) => kept.has(block))), ...(dropped.length > 0 ? [describeCut(dropped)] : [])].join('\n')
}

function layOut(blocks: Block[]): string[] {
  return blocks.flatMap(({ title, text }, index) => {
    const before = blocks[index - 1]
    const opens = before?.title !== title
    const isItem = text.startsWith('- ') && before?.text.startsWith('- ')
    return [...(index > 0 && (opens || !isItem) ? [''] : []), ...(opens && title ? [`#### ${title}`, ''] : []), text]
  })
}

function describeCut(dropped: Block[]): string {
  const counts = Map.groupBy(dropped, ({ what }) => what)
  const parts = [...counts].map(([what, { length }]) => `${length} ${what}`)
  return `\n_Left out, because GitHub takes no more: ${parts.join(', ')}. \`fargate-ctl plan\` shows them all._`
}
