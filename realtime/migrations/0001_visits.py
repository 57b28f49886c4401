import django.db.models.deletion
import mybcat.ids
import mybcat.tenancy
from django.db import migrations, models

from mybcat import row_security


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('appointments', '0004_no_bookings_for_merged_patients'),
        ('practices', '0007_epochs'),
    ]

    operations = [
        migrations.CreateModel(
            name='Visit',
            fields=[
                ('id', models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False)),
                ('status', models.CharField(choices=[('planned', 'Planned'), ('under_way', 'Under Way'), ('arrived', 'Arrived'), ('done', 'Done')], default='planned', max_length=10)),
                ('destination_latitude', models.FloatField(null=True)),
                ('destination_longitude', models.FloatField(null=True)),
                ('planned_at', models.DateTimeField()),
                ('started_at', models.DateTimeField(null=True)),
                ('arrived_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('appointment', mybcat.tenancy.PracticeForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='appointments.appointment')),
                ('practice', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, to='practices.practice')),
                ('practitioner', mybcat.tenancy.PracticeForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='practices.practitioner')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
            },
        ),
        migrations.CreateModel(
            name='VisitLocation',
            fields=[
                ('id', models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False)),
                ('latitude', models.FloatField()),
                ('longitude', models.FloatField()),
                ('metres_per_second', models.FloatField(null=True)),
                ('at', models.DateTimeField()),
                ('practice', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, to='practices.practice')),
                ('visit', mybcat.tenancy.PracticeForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, to='realtime.visit')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
            },
        ),
        migrations.CreateModel(
            name='VisitPolicy',
            fields=[
                ('id', models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False)),
                ('trail_days', models.PositiveSmallIntegerField(default=30)),
                ('practice', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, to='practices.practice')),
            ],
            options={
                'verbose_name_plural': 'visit policies',
                'abstract': False,
                'base_manager_name': 'objects',
            },
        ),
        migrations.CreateModel(
            name='VisitPosition',
            fields=[
                ('id', models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False)),
                ('latitude', models.FloatField()),
                ('longitude', models.FloatField()),
                ('at', models.DateTimeField()),
                ('practice', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, to='practices.practice')),
                ('visit', mybcat.tenancy.PracticeForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, to='realtime.visit')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
            },
        ),
        migrations.AddIndex(
            model_name='visit',
            index=models.Index(condition=models.Q(('status', 'done'), _negated=True), fields=['practice', 'id'], name='visit_open'),
        ),
        migrations.AddConstraint(
            model_name='visit',
            constraint=models.UniqueConstraint(fields=('practice', 'id'), name='visit_practice_id'),
        ),
        migrations.AddConstraint(
            model_name='visit',
            constraint=models.UniqueConstraint(fields=('practice', 'appointment'), name='visit_once_per_appointment'),
        ),
        migrations.AddConstraint(
            model_name='visit',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('destination_latitude__isnull', True), ('destination_longitude__isnull', True)), models.Q(('destination_latitude__range', (-90, 90)), ('destination_longitude__range', (-180, 180))), _connector='OR'), name='visit_destination_on_earth'),
        ),
        migrations.AddConstraint(
            model_name='visit',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', False), ('status', 'done')), models.Q(models.Q(('status', 'done'), _negated=True), ('ended_at__isnull', True)), _connector='OR'), name='visit_done_with_time'),
        ),
        migrations.AddConstraint(
            model_name='visitlocation',
            constraint=models.UniqueConstraint(fields=('practice', 'id'), name='visit_location_practice_id'),
        ),
        migrations.AddConstraint(
            model_name='visitlocation',
            constraint=models.UniqueConstraint(fields=('practice', 'visit'), name='visit_location_once'),
        ),
        migrations.AddConstraint(
            model_name='visitlocation',
            constraint=models.CheckConstraint(condition=models.Q(('latitude__range', (-90, 90)), ('longitude__range', (-180, 180))), name='visit_location_on_earth'),
        ),
        migrations.AddConstraint(
            model_name='visitpolicy',
            constraint=models.UniqueConstraint(fields=('practice', 'id'), name='visit_policy_practice_id'),
        ),
        migrations.AddConstraint(
            model_name='visitpolicy',
            constraint=models.UniqueConstraint(fields=('practice',), name='visit_policy_once'),
        ),
        migrations.AddConstraint(
            model_name='visitpolicy',
            constraint=models.CheckConstraint(condition=models.Q(('trail_days__lte', 365)), name='visit_policy_within_a_year'),
        ),
        migrations.AddIndex(
            model_name='visitposition',
            index=models.Index(fields=['practice', 'visit', 'at'], name='visit_position_of'),
        ),
        migrations.AddIndex(
            model_name='visitposition',
            index=models.Index(fields=['practice', 'at'], name='visit_position_at'),
        ),
        migrations.AddConstraint(
            model_name='visitposition',
            constraint=models.UniqueConstraint(fields=('practice', 'id'), name='visit_position_practice_id'),
        ),
        migrations.AddConstraint(
            model_name='visitposition',
            constraint=models.CheckConstraint(condition=models.Q(('latitude__range', (-90, 90)), ('longitude__range', (-180, 180))), name='visit_position_on_earth'),
        ),
        *(row_security.tenant_table(f"realtime_visit{part}") for part in ("", "location", "position", "policy")),
        row_security.reference("realtime_visit", "appointment_id", "appointments_appointment"),
        row_security.reference("realtime_visit", "practitioner_id", "practices_practitioner"),
        row_security.reference("realtime_visitlocation", "visit_id", "realtime_visit"),
        row_security.reference("realtime_visitposition", "visit_id", "realtime_visit"),
    ]
