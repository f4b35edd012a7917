import type { ContainerDefinition } from '@aws-sdk/client-ecs'
import type { Version } from './service.ts'

/** Makes a version of the app from the good one. @param milliseconds what so many of AWS's seconds take here */
export type Change = (version: Version, container: ContainerDefinition, milliseconds: (seconds: number) => number) => void

const node = '/usr/local/bin/node'
const app = '/app/server.js'

/** @returns a copy of the good version with the change made, and `name` as what it says of itself */
export function changed(good: Version, name: string, change: Change, milliseconds: (seconds: number) => number): Version {
  const version = structuredClone(good)
  const container = version.containerDefinitions?.[0] ?? {}
  setVariables({ IMAGE_TAG: name })(version, container, milliseconds)
  change(version, container, milliseconds)
  return version
}

export const setVariables =
  (values: Record<string, string>): Change =>
  (_, container) => {
    const others = (container.environment ?? []).filter(({ name = '' }) => !(name in values))
    container.environment = [...others, ...Object.entries(values).map(([name, value]) => ({ name, value }))]
  }

type Code = (milliseconds: (seconds: number) => number) => string

/** The app is not started at all; this code runs in its place. */
export const insteadOfApp =
  (code: Code): Change =>
  (_, container, milliseconds) => {
    container.entryPoint = [node, '--eval', code(milliseconds)]
  }

/** The app as it is, but this code runs before it. */
export const beforeApp =
  (code: Code): Change =>
  (_, container, milliseconds) => {
    container.entryPoint = [node, '--import', `data:text/javascript,${encodeURIComponent(code(milliseconds))}`, app]
  }

/** `answer` takes the place of one of the app's routes; it may use `request`, `response` and `original()`. */
export const route = (path: string, answer: Code): Change =>
  beforeApp(
    (milliseconds) => `
      import { Server } from 'node:http'
      const { emit } = Server.prototype
      Server.prototype.emit = function (event, request, response) {
        const original = () => emit.call(this, event, request, response)
        if (event !== 'request' || request.url !== '${path}') return emit.apply(this, arguments)
        ${answer(milliseconds)}
        return true
      }`,
  )

export const healthRoute = (answer: Code): Change => route('/healthz', answer)

/** The app listens so many seconds later than it would. */
export const listensAfter = (seconds: number): Change =>
  beforeApp(
    (milliseconds) => `
      import { Server } from 'node:net'
      const { listen } = Server.prototype
      Server.prototype.listen = function (...args) {
        setTimeout(() => listen.apply(this, args), ${milliseconds(seconds)})
        return this
      }`,
  )

/** As the first process of its container it then has no handler, and the kernel drops the signal. */
export const withoutSigtermHandler = beforeApp(
  () => `
    const { on } = process
    process.on = function (name, listener) { return name === 'SIGTERM' ? this : on.call(this, name, listener) }`,
)

/** Outside of V8's heap, which has a limit of its own, and before the app listens. */
export const allocatesWithoutEnd: Change = (version, container, milliseconds) => {
  container.memory = 128
  const code = `
    import { setTimeout as sleep } from 'node:timers/promises'
    for (const kept = []; ; await sleep(100)) kept.push(Buffer.alloc(16 * 1024 * 1024, 1))`
  beforeApp(() => code)(version, container, milliseconds)
}
