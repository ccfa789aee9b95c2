/**
 * The options that may be set, by namespace, with names spelled as documented. A misspelt one would fail the
 * deployment, or worse, be taken for something else.
 * @see "General options for all environments", AWS Elastic Beanstalk developer guide
 */
export const documentedOptions: Record<string, string[]> = {
  'aws:autoscaling:asg': [
    'Availability Zones',
    'Cooldown',
    'Custom Availability Zones',
    'MinSize',
    'MaxSize',
  ],
  'aws:autoscaling:launchconfiguration': [
    'DisableIMDSv1',
    'EC2KeyName',
    'IamInstanceProfile',
    'ImageId',
    'MonitoringInterval',
    'SecurityGroups',
    'SSHSourceRestriction',
    'BlockDeviceMappings',
    'RootVolumeType',
    'RootVolumeSize',
    'RootVolumeIOPS',
  ],
  'aws:autoscaling:trigger': [
    'BreachDuration',
    'LowerBreachScaleIncrement',
    'LowerThreshold',
    'MeasureName',
    'Period',
    'EvaluationPeriods',
    'Statistic',
    'Unit',
    'UpperBreachScaleIncrement',
    'UpperThreshold',
  ],
  'aws:autoscaling:updatepolicy:rollingupdate': [
    'MaxBatchSize',
    'MinInstancesInService',
    'RollingUpdateEnabled',
    'RollingUpdateType',
    'PauseTime',
    'Timeout',
  ],
  'aws:ec2:instances': [
    'EnableSpot',
    'InstanceTypes',
    'SpotFleetOnDemandBase',
    'SpotFleetOnDemandAboveBasePercentage',
    'SpotMaxPrice',
  ],
  'aws:elasticbeanstalk:cloudwatch:logs': ['StreamLogs', 'DeleteOnTerminate', 'RetentionInDays'],
  'aws:elasticbeanstalk:command': [
    'DeploymentPolicy',
    'Timeout',
    'BatchSizeType',
    'BatchSize',
    'IgnoreHealthCheck',
  ],
  'aws:elasticbeanstalk:environment': ['EnvironmentType', 'ServiceRole', 'LoadBalancerType'],
  'aws:elasticbeanstalk:environment:process:default': [
    'DeregistrationDelay',
    'HealthCheckInterval',
    'HealthCheckPath',
    'HealthCheckTimeout',
    'HealthyThresholdCount',
    'MatcherHTTPCode',
    'Port',
    'Protocol',
    'StickinessEnabled',
    'StickinessLBCookieDuration',
    'StickinessType',
    'UnhealthyThresholdCount',
  ],
  'aws:elasticbeanstalk:healthreporting:system': [
    'SystemType',
    'ConfigDocument',
    'HealthCheckSuccessThreshold',
  ],
  'aws:elasticbeanstalk:managedactions': [
    'ManagedActionsEnabled',
    'PreferredStartTime',
    'ServiceRoleForManagedUpdates',
  ],
  'aws:elasticbeanstalk:managedactions:platformupdate': ['UpdateLevel', 'InstanceRefreshEnabled'],
  // Of an Application Load Balancer. The Classic one's aws:elb:listener has ListenerProtocol and SSLCertificateId.
  'aws:elbv2:listener:443': [
    'DefaultProcess',
    'ListenerEnabled',
    'Protocol',
    'Rules',
    'SSLCertificateArns',
    'SSLPolicy',
  ],
}

/**
 * Namespaces whose option names are environment variables.
 * @see "Fetching secrets and parameters to Elastic Beanstalk environment variables", the same guide
 */
export const variableNamespaces = [
  'aws:elasticbeanstalk:application:environment',
  'aws:elasticbeanstalk:application:environmentsecrets',
]
