from django.contrib.sessions.models import Session
from django.http import JsonResponse
from django.urls import path


def home(request):
    return JsonResponse({"ok": True, "sessions": Session.objects.count()})


urlpatterns = [path("", home)]
