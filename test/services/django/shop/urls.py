from django.http import HttpResponse
from django.urls import path

from shop.models import Article
from shop.version import VERSION


def page(request):
    Article.objects.count()
    return HttpResponse(VERSION)


def healthy(request):
    # Asked before the migration has run.
    return HttpResponse('ok')


urlpatterns = [path('', page), path('slow', page), path('healthz', healthy)]
