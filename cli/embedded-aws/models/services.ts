import { answered as scaling } from '../src/autoscaling/api.ts'
import { completed as cloudMap } from '../src/cloud-map/api.ts'
import { answered as metrics, completed as cloudwatch } from '../src/cloudwatch/api.ts'
import { completed as ec2 } from '../src/ec2/api.ts'
import { completed as ecr } from '../src/ecr/api.ts'
import { inputs } from '../src/ecs/schemas.ts'
import { answered as balancing, completed as balancers } from '../src/elb/elb-api.ts'
import { completed as ssm } from '../src/ssm/public-parameters.ts'
import type { Service } from './contract.ts'

/** The services that the gateway answers, or whose answers it completes, at least in part. */
export const services: Service[] = [
  { name: 'ecs', apiVersion: '2014-11-13', answered: Object.keys(inputs), completed: [] },
  { name: 'application-autoscaling', apiVersion: '2016-02-06', answered: scaling, completed: [] },
  { name: 'elbv2', apiVersion: '2015-12-01', answered: balancing, completed: balancers },
  { name: 'cloudwatch', apiVersion: '2010-08-01', answered: metrics, completed: cloudwatch, isTranslated: true },
  { name: 'servicediscovery', apiVersion: '2017-03-14', answered: [], completed: cloudMap, isTranslated: true },
  { name: 'ec2', apiVersion: '2016-11-15', answered: [], completed: ec2 },
  { name: 'ecr', apiVersion: '2015-09-21', answered: [], completed: ecr },
  { name: 'ssm', apiVersion: '2014-11-06', answered: [], completed: ssm },
]
