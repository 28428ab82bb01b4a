locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.name
  container = "reconciler"

  # A schedule each, with the flags that give it its part; none where one task watches all.
  shards = { for i in range(var.shards) : tostring(i + 1) => var.shards == 1 ? [] : ["--shard=${i + 1}/${var.shards}"] }
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/ecs/${var.name}"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn
  tags                     = var.tags

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.architecture
  }

  # The image's only folder that is written to; as a VOLUME of the image it keeps its mode there.
  volume {
    name = "scratch"
  }

  container_definitions = jsonencode([{
    name                   = local.container
    image                  = var.image
    essential              = true
    command                = concat(["drift"], var.arguments)
    readonlyRootFilesystem = true
    mountPoints            = [{ sourceVolume = "scratch", containerPath = "/scratch", readOnly = false }]
    environment            = [for name, value in merge({ AWS_REGION = local.region }, var.environment) : { name = name, value = value }]
    secrets                = [for name, arn in var.secrets : { name = name, valueFrom = arn }]
    linuxParameters        = { capabilities = { drop = ["ALL"] } }
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this.name
        awslogs-region        = local.region
        awslogs-stream-prefix = "drift"
      }
    }
  }])
}

resource "aws_scheduler_schedule" "this" {
  for_each = local.shards

  name                         = var.shards == 1 ? var.name : "${var.name}-${each.key}"
  description                  = "reconciler drift"
  schedule_expression          = var.schedule
  schedule_expression_timezone = var.timezone

  # Shards need not start in the same minute: they share what AWS lets an account call.
  flexible_time_window {
    mode                      = "FLEXIBLE"
    maximum_window_in_minutes = 5
  }

  target {
    arn      = var.cluster_arn
    role_arn = aws_iam_role.schedule.arn

    input = jsonencode({
      containerOverrides = [{ name = local.container, command = concat(["drift"], each.value, var.arguments) }]
    })

    ecs_parameters {
      task_definition_arn = aws_ecs_task_definition.this.arn
      launch_type         = "FARGATE"
      propagate_tags      = "TASK_DEFINITION"

      network_configuration {
        subnets          = var.subnet_ids
        security_groups  = var.security_group_ids
        assign_public_ip = var.assign_public_ip
      }
    }

    # A run that could not start is not made up for: the next one sees the same drift.
    retry_policy {
      maximum_event_age_in_seconds = 900
      maximum_retry_attempts       = 3
    }
  }
}
