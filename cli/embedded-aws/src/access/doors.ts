import { posix } from 'node:path'

/** This machine's own names, which no page of the web has; a page that leads its name here is found out by it. */
const loopback = /^(127\.0\.0\.1|\[::1\]|localhost|[a-z0-9.-]+\.localhost)(:\d+)?$/i

/** Whether a request came by a name of this machine. https://en.wikipedia.org/wiki/DNS_rebinding */
export const isOwnHost = (host: string | undefined): boolean => host !== undefined && loopback.test(host)

/** ministack has paths of its own, which need no key and could end all; however they are written. */
export const isMinistacksOwn = (pathname: string): boolean => /^\/_(ministack|localstack)(\/|$)/i.test(posix.normalize(decode(pathname)))

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
