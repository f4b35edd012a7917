import { distance } from 'fastest-levenshtein'

/** The candidate that is most likely meant by a mistyped name; undefined when none is near. */
export function findNearest(name: string, candidates: string[]): string | undefined {
  const limit = Math.max(1, Math.floor(name.length / 3))
  const plain = (text: string) => text.toLowerCase().replaceAll(/[-_]/g, '')
  const ranked = candidates
    .map((candidate) => ({ candidate, far: distance(plain(name), plain(candidate)) }))
    .filter(({ far }) => far <= limit)
    .sort((a, b) => a.far - b.far)
  return ranked[0]?.candidate
}
