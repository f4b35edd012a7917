// @ts-check
// Part of `npm ci`: installs the packages of the app in application/, which has a lock file of its own.
import { fileURLToPath } from 'node:url'
import { applicationPackages } from './steps/application.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const context = { root, scratch: '', tools: '', checkOnly: false, say: () => undefined }
if (!(await applicationPackages.find(context))) await applicationPackages.install?.(context)
