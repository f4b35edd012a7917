import t from 'tap'
import { findPackages } from '../../models/packages.ts'
import { ecsDeploy, findPython } from './embedded-aws.ts'

const needs = {
  engine: { why: 'needs a container engine', isThere: () => Boolean(process.env.EMBEDDED_AWS_TEST_IMAGE) },
  ministack: { why: 'needs ministack, which runs on Python', isThere: () => findPython() !== undefined },
  'ecs-deploy': { why: 'needs ecs-deploy: npm run setup -- --for test:all', isThere: () => ecsDeploy !== undefined },
  models: { why: 'needs the AWS models: npm run setup', isThere: () => findPackages('models') !== undefined },
  podman: { why: 'needs podman, and takes a minute: npm run test:all', isThere: () => Boolean(process.env.EMBEDDED_AWS_TEST_PODMAN) },
  namespaces: { why: 'needs root, dockerd and network namespaces, and takes a minute: npm run test:all', isThere: () => Boolean(process.env.EMBEDDED_AWS_TEST_NAMESPACES) },
  time: { why: 'takes minutes: npm run test:all', isThere: () => Boolean(process.env.EMBEDDED_AWS_TEST_TERRAFORM) },
}

/** Skips the whole test file where something it needs cannot be had. */
export function skipFileWithout(...names: (keyof typeof needs)[]): void {
  const why = names.filter((name) => !needs[name].isThere()).map((name) => needs[name].why).join(', ')
  if (!why) return
  t.plan(0, why)
  // A module cannot return.
  process.exit()
}
