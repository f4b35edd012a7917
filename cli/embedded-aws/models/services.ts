import { answered as scaling } from '../src/autoscaling/api.ts'
import { inputs } from '../src/ecs/schemas.ts'
import type { Service } from './contract.ts'

/** The services that the gateway answers from state of its own. */
export const services: Service[] = [
  { name: 'ecs', apiVersion: '2014-11-13', answered: Object.keys(inputs) },
  { name: 'application-autoscaling', apiVersion: '2016-02-06', answered: [...scaling] },
]
