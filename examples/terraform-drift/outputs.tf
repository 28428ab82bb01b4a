output "task_role_arn" {
  description = "Role that reconciler runs as: for policies of buckets and keys that it reads in other accounts."
  value       = aws_iam_role.task.arn
}

output "topic_arn" {
  description = "Topic that is told of drift and of runs that failed."
  value       = aws_sns_topic.this.arn
}

output "log_group_name" {
  description = "Where the findings stand."
  value       = aws_cloudwatch_log_group.this.name
}

output "record_bucket" {
  description = "Bucket of the records, null where there is none."
  value       = var.record_bucket
}
