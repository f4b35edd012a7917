const units: [name: string, seconds: number][] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
]

/** `3 hours ago`, `1 day ago`, `just now`: how long ago something was, in its largest unit. */
export function describeAge(at: Date | string, now = Date.now()): string {
  const seconds = Math.max(0, (now - new Date(at).getTime()) / 1000)
  const [unit, length] = units.find(([, each]) => seconds >= each) ?? []
  if (!unit || !length) return 'just now'
  const count = Math.floor(seconds / length)
  return `${count} ${unit}${count === 1 ? '' : 's'} ago`
}

/** `8 s`, `3 min`, `2 h`, `1 d`: the same where there is little room. */
export function shortAge(at: Date | string, now = Date.now()): string {
  const seconds = Math.max(0, (now - new Date(at).getTime()) / 1000)
  const [unit, length] = units.find(([, each]) => seconds >= each) ?? ['second', 1]
  return `${Math.floor(seconds / length)} ${{ day: 'd', hour: 'h', minute: 'min' }[unit] ?? 's'}`
}
