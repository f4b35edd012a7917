region                 = "us-east-1"
env                    = "dev"
container_health_check = null
